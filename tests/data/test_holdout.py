"""Held-out images: random, stratified, and decided by what an image is."""

import numpy as np
import pytest

from latentlab.data import holdout
from latentlab.data.holdout import choose_held_out, image_keys, restore, split
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.data.row_view import RowView


def image_set(count, classes=None, names=False, seed=0):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, 1, 4, 4), np.uint8)
    labels = None if classes is None else np.sort(np.arange(count) % classes)
    files = np.array([f"cat/{i:04}.png" for i in range(count)], object) if names else None
    spec = ImageSpec((1, 4, 4), tuple(map(str, range(classes or 0))))
    return ImageSet(images, labels, spec, files=files)


@pytest.mark.parametrize("names", [True, False])
def test_what_is_held_out_stays_so_when_images_come_and_go(names):
    images = image_set(1000, names=names)
    before = split(images, 0.1)
    held_out = set(image_keys(before.validation).tolist())
    rows = np.random.default_rng(1).permutation(np.arange(1, 1000))
    after = restore(images[rows], held_out)
    assert not held_out & set(image_keys(after.train).tolist())
    assert set(image_keys(after.validation).tolist()) <= held_out
    assert len(after.validation) >= 99


def test_a_new_split_after_a_change_moves_few_images():
    images = image_set(1000, names=True)
    before = set(split(images, 0.1).validation.files)
    after = set(split(images[1:], 0.1).validation.files)
    assert len(after - before) <= 1


def test_the_shares_of_the_classes_are_kept_though_they_come_in_order():
    parts = split(image_set(100, classes=10), 0.1)
    assert sorted(parts.validation.labels) == list(range(10))
    assert np.bincount(parts.train.labels).tolist() == [9] * 10


def test_an_exact_share_is_held_out_at_least_one_and_never_all():
    keys = image_keys(image_set(57))
    labels = np.arange(57) % 7
    for share, count in ((0.1, 6), (0.001, 1), (0.999, 56), (0.5, 28)):
        assert choose_held_out(keys, None, share).sum() == count
        assert choose_held_out(keys, labels, share).sum() == count


def test_another_seed_holds_out_others():
    images = image_set(200, names=True)
    assert set(split(images, 0.1).validation.files) != set(
        split(images, 0.1, seed=1).validation.files
    )


def test_images_on_disk_stay_there(tmp_path):
    images = image_set(50)
    np.save(tmp_path / "x.npy", images.images)
    mapped = ImageSet(np.load(tmp_path / "x.npy", mmap_mode="r"), None, images.spec)
    parts, expected = split(mapped, 0.2), split(images, 0.2)
    assert isinstance(parts.train.images, RowView)
    for part, other in ((parts.train, expected.train), (parts.validation, expected.validation)):
        assert np.array_equal(part.images[:], other.images)
        assert np.array_equal(part.images[np.array([3, 1])], other.images[np.array([3, 1])])


def test_all_that_is_known_of_an_image_goes_with_it():
    images = image_set(30, classes=3, names=True)
    parts = split(images, 0.2)
    whole = parts.whole()
    assert whole.parts.tolist() == ["validation"] * 6 + ["train"] * 24
    for row, file in enumerate(whole.files):
        number = int(file[4:8])
        assert np.array_equal(whole.images[row], images.images[number])
        assert whole.labels[row] == images.labels[number]


def test_as_many_of_equal_images_are_held_out_again_and_never_all():
    images = image_set(20)
    images.images[:] = 7
    before = split(images, 0.25)
    after = restore(images, image_keys(before.validation).tolist())
    assert (len(after.train), len(after.validation)) == (15, 5)


@pytest.mark.parametrize("names", [True, False])
def test_what_is_moved_in_place_is_the_same(names):
    images = image_set(50, classes=5, names=names)
    expected = split(images, 0.2)
    labels = {
        image.tobytes(): label for image, label in zip(images.images, images.labels, strict=True)
    }
    moved = split(images, 0.2, in_place=True)
    for part, other in ((moved.train, expected.train), (moved.validation, expected.validation)):
        assert sorted(part.keys) == sorted(other.keys)
        assert part.images.base is images.images
        assert part.labels.tolist() == [labels[image.tobytes()] for image in part.images]


def test_a_large_set_on_disk_is_not_read_to_be_divided(tmp_path, monkeypatch):
    images = image_set(200)
    np.save(tmp_path / "x.npy", images.images)
    mapped = ImageSet(np.load(tmp_path / "x.npy", mmap_mode="r"), None, images.spec)
    monkeypatch.setattr(holdout, "MAX_HASHED_BYTES", 100)
    monkeypatch.setattr(np, "ascontiguousarray", lambda _: pytest.fail("pixels were read"))
    parts = split(mapped, 0.1)
    again = restore(parts.whole(), image_keys(parts.validation).tolist())
    assert (len(parts.train), len(again.train), len(again.validation)) == (180, 180, 20)
    assert np.array_equal(again.validation.images[:], parts.validation.images[:])
