"""NumPy files as other projects write them: understood and told, or refused with right advice."""

import io
import re
import zipfile
from contextlib import suppress

import numpy as np
import pytest

import latentlab
from latentlab.data.arrays import pixels as array_pixels
from latentlab.data.arrays.layouts import FACTORS
from latentlab.data.data_set import load
from latentlab.data.pixels import as_bytes
from latentlab.data.sources.arrays import ArraysConfig
from latentlab.errors import DataError
from latentlab.work import finish

COUNT = 40


def pictures(count=COUNT, side=8, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, side, side), np.uint8)


def smooth_colours(count=COUNT, side=8):
    """Return images with shape (N, side, side, 3) whose neighbouring pixels are alike."""
    ramp = np.linspace(0, 100, side)
    base = np.random.default_rng(0).integers(0, 100, (count, 1, 1, 3))
    return (base + ramp[:, None, None] + ramp[:, None] / 2).astype(np.uint8)


LABELS = np.arange(COUNT) % 4


def found(path, **values):
    return load(ArraysConfig(images=path, **values))


def images_of(splits):
    """Return all images, as they are told apart by their bytes."""
    return {image.tobytes() for image in splits.whole().images[:]}


def refused(path, **values):
    with pytest.raises(DataError) as caught:
        found(path, **values)
    assert len(str(caught.value)) < 1500
    return caught.value


def followed(error, tmp_path):
    """Run the line of Python that a message advises; return the file that it has written."""
    before = {*tmp_path.iterdir()}
    exec(error.advice[error.advice.index("import numpy") :], {})
    (new,) = {*tmp_path.iterdir()} - before
    return new


# Which arrays are what


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ({"x_train": "x", "y_train": "y"}, {"x_test": "x", "y_test": "y"}),  # Keras
        ({"train_images": "x", "train_labels": "y"}, {"test_images": "x", "test_labels": "y"}),
        ({"X_train": "x", "Y_train": "y"}, {"X_val": "x", "Y_val": "y"}),
        ({"training.data": "x", "training.targets": "y"}, {"dev.data": "x", "dev.targets": "y"}),
    ],
)
def test_parts_of_their_own_stay_so(tmp_path, train, test):
    own = {"x": pictures(), "y": LABELS}
    other = {"x": pictures(8, seed=1), "y": LABELS[:8]}
    arrays = {name: own[what] for name, what in train.items()}
    np.savez(tmp_path / "x.npz", **arrays, **{name: other[what] for name, what in test.items()})
    splits = found(tmp_path / "x.npz")
    np.testing.assert_array_equal(splits.train.images[:, 0], own["x"])
    np.testing.assert_array_equal(splits.validation.images[:, 0], other["x"])
    assert splits.validation.labels.tolist() == other["y"].tolist()
    assert "held out" in splits.note


def test_val_of_medmnist_is_held_out_and_test_is_for_the_test(tmp_path):
    arrays = {}
    for part, count in (("train", 40), ("val", 4), ("test", 8)):
        arrays[f"{part}_images"] = pictures(count, seed=count)
        arrays[f"{part}_labels"] = LABELS[:count, None]
    np.savez(tmp_path / "medmnist.npz", **arrays)
    splits = found(tmp_path / "medmnist.npz")
    assert splits.counts == "40 training images, 4 held out, 8 for the test"
    assert "val_images held out, test_images is for the test" in splits.note


def test_several_labels_of_an_image_are_attributes(tmp_path):
    several = np.random.default_rng(0).integers(0, 2, (COUNT, 3), np.uint8)
    np.savez(tmp_path / "x.npz", images=pictures(), labels=several)
    splits = found(tmp_path / "x.npz")
    assert splits.spec.classes == 0
    assert splits.train.attributes.names == ("label 0", "label 1", "label 2")
    assert "several labels" in splits.note


def test_dsprites_has_shapes_and_factors(tmp_path):
    zeros_and_ones = pictures() // 128
    classes = np.stack([np.zeros(COUNT), np.arange(COUNT) % 3, *np.zeros((4, COUNT))], 1)
    values = np.random.default_rng(0).random((COUNT, 6))
    np.savez_compressed(
        tmp_path / "dsprites.npz",
        imgs=zeros_and_ones,
        latents_classes=classes.astype(np.int64),
        latents_values=values,
        metadata=np.array({"a pickle": 1}, object),
    )
    splits = found(tmp_path / "dsprites.npz")
    assert splits.spec.class_names == ("square", "ellipse", "heart")
    assert splits.train.attributes.names == (
        *("color", "shape", "scale", "orientation", "posX", "posY"),
    )
    assert set(np.unique(splits.train.images)) == {0, 255}
    assert "only 0 (black) and 1 (white)" in splits.note
    assert "metadata" in splits.note
    rows = {image.tobytes(): i for i, image in enumerate(zeros_and_ones * np.uint8(255))}
    for part in (splits.train, splits.validation):
        order = [rows[image.tobytes()] for image in part.images]
        np.testing.assert_allclose(part.attributes.values, values[order].astype(np.float32))
        assert part.labels.tolist() == (np.array(order) % 3).tolist()


def test_factors_of_dsprites_are_known_also_without_their_values(tmp_path):
    classes = np.random.default_rng(0).integers(0, 3, (COUNT, 6))
    path = tmp_path / "dsprites.npz"
    np.savez(path, imgs=pictures() // 128, latents_classes=classes)
    whole = found(path).whole()
    assert whole.spec.class_names == ("square", "ellipse", "heart")
    assert whole.attributes.names == FACTORS
    assert whole.attributes.column("shape").tolist() == whole.labels.tolist()
    assert finish(ArraysConfig(images=path).outline()).attributes == FACTORS
    # The Python API has them by name.
    of_api = latentlab.read_images(path).attributes
    assert tuple(of_api) == FACTORS
    np.testing.assert_array_equal(of_api["posX"], whole.attributes.column("posX"))


def test_files_of_one_unnamed_array_are_images_and_labels(tmp_path):
    """As those of Kuzushiji-MNIST and EMNIST."""
    np.savez(tmp_path / "imgs.npz", pictures())
    np.savez(tmp_path / "labels.npz", LABELS)
    splits = found(tmp_path / "imgs.npz", labels=tmp_path / "labels.npz")
    assert images_of(splits) == {image.tobytes() for image in pictures()}
    assert splits.spec.class_names == ("0", "1", "2", "3")


def test_what_else_is_known_of_each_image_goes_with_it(tmp_path):
    ages, places = np.arange(COUNT) / 2, np.array(["oslo", "rome"])[np.arange(COUNT) % 2]
    np.savez(tmp_path / "x.npz", images=pictures(), age=ages, place=places, other=np.zeros(3))
    splits = found(tmp_path / "x.npz")
    attributes = splits.whole().attributes
    assert attributes.names == ("age", "place")
    assert attributes.levels == {"place": ("oslo", "rome")}
    rows = {image.tobytes(): i for i, image in enumerate(pictures())}
    order = [rows[image.tobytes()] for image in splits.whole().images[:]]
    assert attributes.column("age").tolist() == ages[order].tolist()
    assert "Not used: other" in splits.note


def test_arrays_without_names_are_listed_and_the_advice_names_them(tmp_path):
    np.savez(tmp_path / "x.npz", pictures(), LABELS)
    error = refused(tmp_path / "x.npz")
    assert "arr_0 (40×8×8 uint8), arr_1 (40 int64)" in error.message
    splits = found(followed(error, tmp_path))
    assert images_of(splits) == {image.tobytes() for image in pictures()}
    assert splits.spec.classes == 4


# Labels


@pytest.mark.parametrize(
    "labels",
    [
        LABELS[:, None],
        LABELS[None],
        np.eye(4)[LABELS],
        np.eye(4, dtype=bool)[LABELS],
        LABELS.astype(np.float32),
        LABELS.astype("S1"),
        LABELS.astype(">u2"),
        LABELS.astype(str),
    ],
)
def test_labels_are_read_whichever_way_they_are_written(tmp_path, labels):
    np.savez(tmp_path / "x.npz", images=pictures(), labels=labels)
    splits = found(tmp_path / "x.npz")
    assert splits.spec.class_names == ("0", "1", "2", "3")
    known = {image.tobytes(): label for image, label in zip(pictures(), LABELS, strict=True)}
    whole = splits.whole()
    assert whole.labels.tolist() == [known[image.tobytes()] for image in whole.images[:]]


def test_labels_of_bytes_are_words(tmp_path):
    words = np.array(["Bär".encode(), "Bär".encode("latin-1")])[np.arange(COUNT) % 2]
    np.savez(tmp_path / "x.npz", images=pictures(), labels=words)
    assert found(tmp_path / "x.npz").spec.class_names == ("Bär",)


# Values


def close(splits, original):
    """Say whether images are those of `original` within a rounding, in any order."""
    whole = as_bytes(splits.whole().images[:])[:, 0].astype(int)
    order = np.lexsort(whole.reshape(len(whole), -1).T // 4)
    other = original.astype(int)
    distances = np.abs(whole[:, None] - other[None]).max((2, 3))
    assert len(order) == len(other)
    return (distances.min(1) <= 1).all() and len(set(distances.argmin(1))) == len(other)


@pytest.mark.parametrize(
    ("write", "note"),
    [
        (lambda x: x.astype(np.float32), ""),
        (
            lambda x: x + np.random.default_rng(1).uniform(-0.4, 0.4, x.shape) * (x % 255 > 0),
            "0 to 255",
        ),
        (lambda x: x / 255, ""),
        (lambda x: (x / 255 + 1e-4).astype(np.float32), ""),
        (lambda x: x / 127.5 - 1, "-1 (black) to 1 (white)"),
        (lambda x: (x / 127.5 - 1).astype(np.float16), "-1 (black) to 1 (white)"),
        (lambda x: x.astype(np.int16) - 128, "-128 (black)"),
        (lambda x: (x.astype(np.int16) - 128).astype(np.int8), "-128 (black)"),
        (lambda x: x.astype(np.int64), ""),
        (lambda x: x.astype(np.uint16), ""),
        (lambda x: x.astype(np.uint16) * 257, "16 bits"),
        (lambda x: (x.astype(float) * 4095 / 255).astype(np.uint16), "12 bits"),
        (lambda x: (x.astype(float) * 1023 / 255).astype(">u2"), "10 bits"),
        (lambda x: x / 255 / 255, "taken as white"),
    ],
)
@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_values_of_every_usual_range_are_the_same_images(tmp_path, write, note, ending):
    original = pictures()
    path = tmp_path / f"x.{ending}"
    if ending == "npy":
        np.save(path, write(original))
    else:
        np.savez(path, images=write(original))
    splits = found(path)
    assert close(splits, original)
    assert note in splits.note
    assert bool(note) == bool(splits.note)


@pytest.mark.parametrize("largest", [1, 3, 16])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, bool])
def test_few_levels_are_not_taken_as_black(tmp_path, largest, dtype):
    levels = pictures() % (largest + 1)
    np.save(tmp_path / "x.npy", levels.astype(dtype))
    splits = found(tmp_path / "x.npy")
    whole = levels > 0 if dtype is bool else levels / largest
    assert close(splits, np.round(255 * whole))


@pytest.mark.parametrize(
    "write",
    [
        lambda x: (x - 100.0) / 50,
        lambda x: x / 255 - 0.5,
        lambda x: x.astype(np.int32) * 1000 - 5,
        lambda x: np.where(x == 3, np.nan, x / 255),
        lambda x: np.where(x == 3, np.inf, x.astype(float)),
        lambda x: np.where(x == 3, -np.inf, (x - 100.0) / 50),
    ],
)
@pytest.mark.parametrize("ending", ["npy", "npz", "keras"])
def test_following_the_advice_gives_the_images(tmp_path, write, ending):
    original = pictures()
    original[0, 0, :2] = 0, 255
    other = original[:8]
    path = tmp_path / ("it's.npy" if ending == "npy" else "it's.npz")
    match ending:
        case "npy":
            np.save(path, write(original))
        case "npz":
            np.savez(path, images=write(original), labels=LABELS)
        case "keras":
            np.savez(path, x_train=write(original), x_test=write(other))
    error = refused(path)
    splits = found(followed(error, tmp_path))
    original = np.where(original == 3, 0, original) if "NaN" in error.message else original
    if ending == "keras":
        assert np.abs(splits.train.images[:, 0].astype(int) - original).max() <= 1
        return
    assert close(splits, original)
    assert splits.spec.classes == (4 if ending == "npz" else 0)


def test_what_is_too_large_to_convert_each_time_is_converted_by_the_advice(tmp_path, monkeypatch):
    monkeypatch.setattr(array_pixels, "SMALL", 100)
    np.save(tmp_path / "x.npy", pictures() // 128)
    error = refused(tmp_path / "x.npy")
    assert "too much to convert" in error.message
    assert set(np.unique(found(followed(error, tmp_path)).train.images[:])) == {0, 255}


def test_bytes_stay_on_disk_though_some_images_are_black(tmp_path):
    images = pictures(400)
    images[::3] = 1
    np.save(tmp_path / "x.npy", images)
    splits = found(tmp_path / "x.npy")
    assert not isinstance(splits.train.images, np.ndarray) or isinstance(
        splits.train.images, np.memmap
    )
    assert splits.note == ""


# Shapes


@pytest.mark.parametrize("shape", [(COUNT, 64), (COUNT, 64, 1), (COUNT, 1, 64)])
def test_flattened_squares_are_squares(tmp_path, shape):
    """As those of QuickDraw: rows of 784 values."""
    np.save(tmp_path / "x.npy", pictures().reshape(shape))
    splits = found(tmp_path / "x.npy")
    assert images_of(splits) == {image.tobytes() for image in pictures()}
    assert "Rows of 64 values are taken as 8×8 pixels" in splits.note


@pytest.mark.parametrize("together", [True, False])
def test_flattened_colours_are_told_apart_by_how_smooth_they_are(tmp_path, together):
    images = smooth_colours()
    rows = images if together else np.moveaxis(images, -1, 1)
    np.save(tmp_path / "x.npy", rows.reshape(COUNT, -1))
    splits = found(tmp_path / "x.npy")
    wanted = {np.ascontiguousarray(image).tobytes() for image in np.moveaxis(images, -1, 1)}
    assert images_of(splits) == wanted
    assert ("together" in splits.note) == together


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda x: np.moveaxis(x[..., 0], 0, -1), "the last index seems to count"),
        (lambda x: np.moveaxis(x, 0, -1), "the last index seems to count"),
    ],
)
def test_other_shapes_are_refused_with_the_line_that_mends_them(tmp_path, write, says):
    images = smooth_colours()
    np.save(tmp_path / "x.npy", write(images))
    error = refused(tmp_path / "x.npy")
    assert says in error.message
    splits = found(followed(error, tmp_path))
    grey = splits.spec.shape[0] == 1
    wanted = images[..., :1] if grey else images
    assert images_of(splits) == {
        np.ascontiguousarray(image).tobytes() for image in np.moveaxis(wanted, -1, 1)
    }


# Files that mean no good


def crafted(shape, values=b"", descr="|u1", fortran=False):
    """Return a .npy that claims a shape."""
    head = repr({"descr": descr, "fortran_order": fortran, "shape": shape}).encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + values


def archive(path, *members, flags=0, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in members:
            file.writestr(name, content)
    if flags:
        content = bytearray(path.read_bytes())
        for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            content[content.index(magic) + place] |= flags
        path.write_bytes(content)


HUGE = (1 << 40, 1 << 20)
NPY = [
    crafted(HUGE),
    crafted((-5, 4)),
    crafted((1,) * 40),
    crafted("(" * 3000),
    crafted((4, 2, 2), b"x" * 16, descr="|O"),
    crafted((4, 2, 2), b"x" * 16, descr="|V1"),
    crafted((4, 2, 2), b"x" * 16, descr="<U0"),
    crafted((4, 2, 2), b"x" * 16, descr="<c8"),
    crafted((4, 2, 2), b"x" * 16, descr=("|u1", (10**9, 10**9))),
    b"\x93NUMPY\x07\x00" + b"x" * 100,
    b"\x93NUMPY\x01\x00\xff\xff" + b"{" * 65535,
    b"\x89HDF\r\n\x1a\n",
    b"MATLAB 5.0 MAT-file",
]


@pytest.mark.parametrize("content", NPY, ids=range(len(NPY)))
@pytest.mark.parametrize("packed", [False, True])
def test_heads_are_not_believed(tmp_path, content, packed):
    path = tmp_path / "x"
    if packed:
        archive(path, ("images.npy", content))
    else:
        path.write_bytes(content)
    message = refused(path).message
    assert str(path) in message
    assert len(message) < len(str(path)) + 300


def test_archives_are_not_believed(tmp_path):
    good = io.BytesIO()
    np.save(good, pictures())
    bomb = bytearray(crafted((1 << 36,)))
    cases = {
        "encrypted": lambda path: archive(path, ("images.npy", good.getvalue()), flags=1),
        "more than": lambda path: archive(path, *[(f"{i}.npy", b"") for i in range(1001)]),
        "unsupported compression": lambda path: archive(
            path, ("images.npy", good.getvalue()), method=zipfile.ZIP_LZMA
        ),
        "is not a NumPy file": lambda path: archive(path, ("readme.txt", b"hello")),
        "it says": lambda path: archive(path, ("images.npy", bytes(bomb) + bytes(1 << 16))),
    }
    for says, write in cases.items():
        path = tmp_path / f"{len([*tmp_path.iterdir()])}.npz"
        write(path)
        assert says in refused(path).message


def test_what_does_not_fit_into_memory_is_not_begun(tmp_path, monkeypatch):
    path = tmp_path / "x.npz"
    np.savez_compressed(path, images=np.zeros((1 << 12, 64, 64), np.uint8))
    free = type("Free", (), {"available": 1 << 20})
    monkeypatch.setattr("psutil.virtual_memory", lambda: free)
    error = refused(path)
    assert "does not fit into memory" in error.message
    assert re.search(r"numpy\.save", error.advice)


def test_no_damage_raises_anything_else(tmp_path):
    path = tmp_path / "x.npz"
    np.savez_compressed(path, images=pictures(), labels=LABELS, class_names=np.array([*"abcd"]))
    np.save(tmp_path / "x.npy", pictures())
    rng = np.random.default_rng(0)
    for whole in (path.read_bytes(), (tmp_path / "x.npy").read_bytes()):
        for _ in range(150):
            content = np.frombuffer(whole, np.uint8).copy()
            content[rng.integers(0, min(len(content), 400), 3)] = rng.integers(0, 256, 3)
            (tmp_path / "damaged").write_bytes(content[: rng.integers(1, len(content) + 1)])
            with suppress(DataError):
                found(tmp_path / "damaged")
