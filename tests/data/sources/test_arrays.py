"""A person's own images: what is read, what stays on disk, and what is refused."""

import pickle
import tracemalloc

import numpy as np
import pytest

from latentlab.config import parse
from latentlab.data.arrays import labels as array_labels
from latentlab.data.arrays import pixels as array_pixels
from latentlab.data.arrays.labels import words_of
from latentlab.data.data_set import load
from latentlab.data.row_view import RowView
from latentlab.data.sources.arrays import ArraysConfig
from latentlab.errors import DataError, RecipeError


@pytest.fixture
def save(tmp_path):
    """Save one array as .npy, or several as .npz."""

    def write(*one, **several):
        path = tmp_path / f"{len([*tmp_path.iterdir()])}.np{'z' if several else 'y'}"
        if several:
            np.savez(path, **several)
        else:
            np.save(path, *one)
        return path

    return write


def pictures(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def refused(images, **values):
    with pytest.raises(DataError) as caught:
        load(ArraysConfig(images=images, **values))
    assert caught.value.advice
    return caught.value.message


@pytest.mark.parametrize(
    ("shape", "spec"),
    [
        ((20, 5, 4), (1, 5, 4)),
        ((20, 1, 5, 4), (1, 5, 4)),
        ((20, 3, 5, 4), (3, 5, 4)),
        ((20, 5, 4, 1), (1, 5, 4)),
        ((20, 5, 4, 3), (3, 5, 4)),
        ((20, 3, 8, 3), (3, 8, 3)),  # either could be colours; the first is taken
    ],
)
def test_each_pixel_is_where_it_belongs_and_stays_on_disk(save, shape, spec):
    images = pictures(*shape)
    splits = load(ArraysConfig(images=save(images)))
    assert splits.spec.shape == spec
    assert (len(splits.train), len(splits.validation)) == (18, 2)
    assert splits.train.labels is None
    colours_last = len(shape) == 4 and shape[1] not in (1, 3)
    wanted = np.moveaxis(images, -1, 1) if colours_last else images.reshape(20, *spec)
    rows = {image.tobytes(): image for image in wanted}
    for part in (splits.train, splits.validation):
        assert isinstance(part.images, np.memmap | RowView)
        for image in part.images[:]:
            np.testing.assert_array_equal(image, rows.pop(image.tobytes()))
    assert not rows


@pytest.mark.parametrize("shape", [(2000, 64, 64), (700, 64, 64, 3), (700, 3, 64, 64)])
def test_a_large_file_takes_no_memory(save, shape):
    path = save(pictures(*shape))
    tracemalloc.start()
    try:
        splits = load(ArraysConfig(images=path))
        assert len(splits.train[[5, 3, 4]].images) == 3
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 0.05 * path.stat().st_size


@pytest.mark.parametrize(
    ("share", "held_out"), [(0.1, 2), (0.5, 10), (0.001, 1), (0.26, 5), (0.999, 19)]
)
def test_the_share_is_held_out_and_neither_part_is_empty(save, share, held_out):
    splits = load(ArraysConfig(images=save(pictures(20, 2, 2)), held_out=share))
    assert (len(splits.train), len(splits.validation)) == (20 - held_out, held_out)


def test_an_npz_brings_labels_and_names_along_and_is_shuffled_with_them(save):
    labels = np.repeat(np.arange(4, dtype=np.uint8), 50)
    images = np.broadcast_to(labels[:, None, None] * 50, (200, 3, 2)).copy()
    images[:, 0, 0] = np.arange(200)
    path = save(images=images, labels=labels, class_names=np.array(["ant", "bee", "cat", "dog"]))
    splits = load(ArraysConfig(images=path, held_out=0.25))
    assert splits.spec.class_names == ("ant", "bee", "cat", "dog")
    seen = []
    for part in (splits.train, splits.validation):
        np.testing.assert_array_equal(part.images[:, 0, 2, 1], part.labels * 50)
        assert (np.bincount(part.labels, minlength=4) > 0).all()
        seen += part.images[:, 0, 0, 0].tolist()
    assert sorted(seen) == list(range(200))
    again = load(ArraysConfig(images=path, held_out=0.25))
    np.testing.assert_array_equal(again.train.images, splits.train.images)


@pytest.mark.parametrize(
    ("labels", "names", "rows"),
    [
        (np.array([7, -1, 7, 30]), ("-1", "7", "30"), [1, 0, 1, 2]),
        (np.array(["bee", "ant", "bee", "bee"]), ("ant", "bee"), [1, 0, 1, 1]),
        (np.array([True, False, False, True]), ("False", "True"), [1, 0, 0, 1]),
        (np.array([1, 0, 0, 1], ">u2"), ("0", "1"), [1, 0, 0, 1]),
    ],
)
def test_labels_of_their_own_file_name_themselves(save, labels, names, rows):
    images = pictures(4, 2, 2)
    splits = load(ArraysConfig(images=save(images), labels=save(labels)))
    assert splits.spec.class_names == names
    known = {image.tobytes(): row for image, row in zip(images, rows, strict=True)}
    whole = splits.whole()
    assert whole.labels.tolist() == [known[image.tobytes()] for image in whole.images[:]]
    assert splits.train.labels.dtype == np.int64


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, bool])
def test_few_fractions_become_bytes(save, dtype):
    fractions = (pictures(20, 3, 4) / 255).astype(dtype)
    splits = load(ArraysConfig(images=save(images=fractions, labels=np.arange(20))))
    assert splits.train.images.dtype == np.uint8
    original = (fractions.astype(float) * 255).round()[splits.train.labels]
    assert np.abs(splits.train.images[:, 0] - original).max() <= 1


def test_fractions_are_refused_where_they_are_many_or_no_fractions(save, monkeypatch):
    assert "not a known range" in refused(save(np.full((4, 2, 2), 1.5)))
    assert "NaN" in refused(save(np.full((4, 2, 2), np.nan)))
    monkeypatch.setattr(array_pixels, "SMALL", 100)
    assert "too much to convert" in refused(save(np.zeros((40, 2, 2))))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_images_that_are_all_black_are_told(save, kind):
    assert "every image is black" in load(ArraysConfig(images=save(np.zeros((4, 2, 2), kind)))).note


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (np.full((4, 2, 2), 70_000), "holds values from 70000 to 70000"),
        (np.zeros((4, 2, 2), "S1"), "not numbers"),
        (np.array(["a", "b"]), "not numbers"),
        (np.zeros((4, 2, 2), complex), "it holds complex128"),
        (np.zeros((4, 2, 2), "M8[s]"), "it holds datetime64[s]"),
        (np.zeros((4, 6), np.uint8), "the shape (4, 6)"),
        (np.zeros((), np.uint8), "the shape ()"),
        (np.zeros((4, 2, 2, 4), np.uint8), "the shape (4, 2, 2, 4)"),
        (np.zeros((4, 2, 2, 2, 3), np.uint8), "the shape (4, 2, 2, 2, 3)"),
        (np.zeros((0, 2, 2), np.uint8), "holds 0 images"),
        (np.zeros((1, 2, 2), np.uint8), "holds 1 images"),
        (np.zeros((4, 2, 0), np.uint8), "of 0×2 pixels"),
    ],
)
def test_what_are_no_images_is_refused_by_name(save, images, says):
    path = save(images)
    message = refused(path)
    assert says in message
    assert message.startswith(f"data.images: {path} ")


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (np.arange(5), "labels of shape (5,) for 4 images"),
        (np.zeros((4, 2), int), "labels of shape (4, 2)"),
        (np.array([0.0, np.nan, 1.0, 0.0]), "labels hold NaN"),
    ],
)
def test_labels_that_do_not_belong_are_refused_by_name(save, labels, says):
    path = save(labels)
    message = refused(save(pictures(4, 2, 2)), labels=path)
    assert says in message
    assert message.startswith(f"data.labels: {path}")


@pytest.mark.parametrize("labels", [[0, 1, 2, 0], [0, -1, 0, 0], ["a", "b", "a", "b"]])
def test_a_label_without_a_name_is_refused(save, labels):
    path = save(
        images=pictures(4, 2, 2), labels=np.array(labels), class_names=np.array(["ant", "bee"])
    )
    assert "is none of 2 class_names" in refused(path)


def test_a_class_for_each_image_is_no_class(save, monkeypatch):
    monkeypatch.setattr(array_labels, "MAX_CLASSES", 3)
    message = refused(save(pictures(4, 2, 2)), labels=save(np.arange(4)))
    assert "4 classes are too many" in message


class Trap:
    """Leaves a mark where it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


def test_pickles_are_never_opened(save, tmp_path):
    pickled = tmp_path / "pickled.npy"
    pickled.write_bytes(pickle.dumps(Trap()))
    objects = np.array([Trap()] * 4, object)
    for path in (pickled, save(objects), save(images=objects)):
        assert "not a NumPy file of plain numbers" in refused(path)
    assert "plain numbers" in refused(save(pictures(4, 2, 2)), labels=save(objects))


@pytest.mark.parametrize("keep", [0, 3, 30, 100, -1, -40])
@pytest.mark.parametrize("several", [False, True])
def test_damaged_files_are_refused_by_name(save, keep, several):
    images = pictures(20, 3, 4)
    path = save(images=images) if several else save(images)
    path.write_bytes(path.read_bytes()[:keep])
    assert str(path) in refused(path)


def test_a_missing_file_is_named(tmp_path, save):
    nowhere = tmp_path / "nowhere.npy"
    assert refused(nowhere) == f"data.images: there is no file {nowhere}."
    assert refused(tmp_path) == f"data.images: there is no file {tmp_path}."
    here = save(pictures(4, 2, 2))
    assert refused(here, labels=nowhere) == f"data.labels: there is no file {nowhere}."
    assert not ArraysConfig(images=nowhere).available()


def test_an_npz_without_images_is_refused(save):
    message = refused(save(a=pictures(4, 2, 2), b=np.arange(4)))
    assert "no array called images; it holds a (4×2×2 uint8), b (4 int64)" in message


def test_a_recipe_must_say_which_images():
    with pytest.raises(RecipeError) as caught:
        parse(ArraysConfig, {})
    assert caught.value.problems == {"images": "missing"}


def test_large_numbers_of_groups_stay_apart():
    found = words_of(np.array([1234567.0, 1234568.0, 0.1, np.nan, np.inf, -2.0]), "here")
    assert found == ["1234567", "1234568", "0.1", "", "inf", "-2"]
    assert words_of(np.array([0.1, 3], np.float32), "here") == ["0.1", "3"]
