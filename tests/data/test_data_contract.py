"""What every data set keeps, whichever it is."""

from typing import NamedTuple

import numpy as np
import pytest

from latentlab.data.base import DATA, ImageSet, ImageSpec, Loading, Splits, load
from latentlab.paths import downloads


class Loaded(NamedTuple):
    splits: Splits
    steps: list[Loading]


@pytest.fixture(params=sorted(DATA.kinds()))
def config(request, write_idx_folder, tmp_path):
    """One data set of each kind: of IDX files in the download folder, or of arrays, small ones."""
    kind, values = DATA.kinds()[request.param], {}
    if "root" in kind.model_fields:
        write_idx_folder(downloads() / request.param)
    if "images" in kind.model_fields:
        values = {name: tmp_path / f"{name}.npy" for name in ("images", "labels")}
        rng = np.random.default_rng(0)
        np.save(values["images"], rng.integers(0, 256, (30, 5, 4, 3), np.uint8))
        np.save(values["labels"], rng.choice(["ant", "bee"], 30))
    if "count" in kind.model_fields:
        values["count"] = 60
    return kind(**values)


@pytest.fixture
def loaded(config):
    assert config.available()
    steps, work = [], config.load()
    while True:
        try:
            steps.append(next(work))
        except StopIteration as done:
            return Loaded(done.value, steps)


def test_images_are_bytes_of_the_shape_that_the_spec_tells(loaded):
    for part in (loaded.splits.train, loaded.splits.validation):
        assert part.images.dtype == np.uint8
        assert part.images.shape == (len(part), *loaded.splits.spec.shape)
        assert len(part) > 0
        assert part.images.max() > 127
        assert part.spec == loaded.splits.spec


def test_labels_are_rows_of_the_class_names(loaded):
    for part in (loaded.splits.train, loaded.splits.validation):
        assert part.labels.dtype == np.int64
        assert part.labels.shape == (len(part),)
        assert part.labels.min() >= 0
        assert part.labels.max() < part.spec.classes
        assert len(set(part.spec.class_names)) == part.spec.classes


def test_progress_is_told_and_grows(loaded):
    assert all(isinstance(step, Loading) and step.message for step in loaded.steps)
    fractions = [step.fraction for step in loaded.steps if step.fraction is not None]
    assert fractions == sorted(fractions)
    assert all(0 <= fraction <= 1 for fraction in fractions)


def test_held_out_images_are_not_learned_from(loaded):
    train = {image.tobytes() for image in loaded.splits.train.images}
    assert not any(image.tobytes() in train for image in loaded.splits.validation.images)


@pytest.mark.parametrize("extra", [-3, 0, 7, 1_000_000])
def test_the_map_shows_held_out_images_first(loaded, extra):
    train, held_out = loaded.splits.train, loaded.splits.validation
    limit = len(held_out) + extra
    shown = loaded.splits.to_explore(limit)
    assert len(shown) == min(limit, len(held_out) + len(train))
    from_held_out = min(limit, len(held_out))
    from_train = len(shown) - from_held_out
    np.testing.assert_array_equal(shown.images[:from_held_out], held_out.images[:from_held_out])
    np.testing.assert_array_equal(shown.images[from_held_out:], train.images[:from_train])
    np.testing.assert_array_equal(shown.labels[from_held_out:], train.labels[:from_train])
    assert len(shown.labels) == len(shown)


def test_load_without_looking_gives_the_same(loaded, config):
    again = load(config)
    np.testing.assert_array_equal(again.train.images, loaded.splits.train.images)
    np.testing.assert_array_equal(again.validation.labels, loaded.splits.validation.labels)


def unlabelled(count):
    images = np.arange(count * 12, dtype=np.uint8).reshape(count, 3, 2, 2)
    return ImageSet(images, None, ImageSpec((3, 2, 2)))


def test_images_without_labels_stay_without():
    shown = Splits(unlabelled(5), unlabelled(2)).to_explore(4)
    assert shown.labels is None
    np.testing.assert_array_equal(shown.images[2:], unlabelled(5).images[:2])
    assert unlabelled(5)[[3, 1]].labels is None


def test_an_image_set_is_indexed_as_an_array_is():
    whole = ImageSet(unlabelled(5).images, np.arange(5), ImageSpec((3, 2, 2), tuple("abcde")))
    part = whole[[4, 1]]
    assert part.labels.tolist() == [4, 1]
    np.testing.assert_array_equal(part.images, whole.images[[4, 1]])
    assert part.spec == whole.spec


def test_a_spec_counts_and_says_what_it_is():
    spec = ImageSpec((3, 5, 7), ("a", "b"))
    assert (spec.pixels, spec.classes, str(spec)) == (105, 2, "7×5 colour")
    assert str(ImageSpec((1, 28, 28))) == "28×28 grey"
    assert ImageSpec((1, 2, 2)).classes == 0
