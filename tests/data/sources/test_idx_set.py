"""IDX files: reading, finding, and saying what is wrong with them."""

import gzip
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from latentlab.data.data_set import load
from latentlab.data.sources.fashion_mnist import FashionMNISTConfig
from latentlab.data.sources.idx_set import FILES, read_idx
from latentlab.data.sources.mnist import MNISTConfig
from latentlab.directories import downloads
from latentlab.errors import DataError
from latentlab.work import finish

TRAIN, TRAIN_LABELS, HELD_OUT, HELD_OUT_LABELS = FILES


def refused(config):
    with pytest.raises(DataError) as caught:
        load(config)
    assert caught.value.advice
    return caught.value.message


def same(splits, arrays):
    np.testing.assert_array_equal(splits.train.images[:, 0], arrays[TRAIN])
    np.testing.assert_array_equal(splits.train.labels, arrays[TRAIN_LABELS])
    np.testing.assert_array_equal(splits.validation.images[:, 0], arrays[HELD_OUT])
    np.testing.assert_array_equal(splits.validation.labels, arrays[HELD_OUT_LABELS])
    return True


@pytest.mark.parametrize("gz", [True, False])
def test_what_was_written_is_read(tmp_path, write_idx_folder, gz):
    arrays = write_idx_folder(tmp_path / "here", gz=gz)
    assert same(load(MNISTConfig(root=tmp_path / "here")), arrays)


def test_plain_and_gzipped_files_may_be_mixed(tmp_path, write_idx_folder, write_idx):
    arrays = write_idx_folder(tmp_path)
    (tmp_path / f"{TRAIN}.gz").unlink()
    write_idx(tmp_path / TRAIN, arrays[TRAIN])
    assert same(load(MNISTConfig(root=tmp_path)), arrays)


def test_images_may_have_any_size(tmp_path, write_idx_folder):
    write_idx_folder(tmp_path, shape=(3, 8))
    assert load(MNISTConfig(root=tmp_path)).spec.shape == (1, 3, 8)


def test_the_root_may_be_the_parent_of_a_folder_of_its_name(tmp_path, write_idx_folder):
    arrays = write_idx_folder(tmp_path / "fashion-mnist")
    splits = load(FashionMNISTConfig(root=tmp_path))
    assert same(splits, arrays)
    assert splits.spec.class_names[1] == "trouser"


def test_a_missing_root_is_named(tmp_path):
    message = refused(MNISTConfig(root=tmp_path / "nowhere"))
    assert message == f"data.root: there is no folder {tmp_path / 'nowhere'}."


@pytest.mark.parametrize("lacking", FILES)
def test_the_one_missing_file_of_four_is_named(tmp_path, write_idx_folder, lacking):
    write_idx_folder(tmp_path)
    (tmp_path / f"{lacking}.gz").unlink()
    with pytest.raises(DataError) as caught:
        load(MNISTConfig(root=tmp_path))
    assert caught.value.message == (
        f"mnist: looked for {lacking} or {lacking}.gz in {tmp_path} and found neither."
    )
    assert "data.root" in caught.value.advice
    assert "download" in caught.value.advice


def test_a_truncated_gzip_file_is_named(tmp_path, write_idx_folder):
    write_idx_folder(tmp_path)
    file = tmp_path / f"{TRAIN}.gz"
    file.write_bytes(file.read_bytes()[:-20])
    assert str(file) in refused(MNISTConfig(root=tmp_path))


def test_a_gzip_file_damaged_inside_is_named(tmp_path, write_idx_folder):
    write_idx_folder(tmp_path)
    file = tmp_path / f"{TRAIN}.gz"
    content = bytearray(file.read_bytes())
    content[30] ^= 0xFF
    file.write_bytes(content)
    assert str(file) in refused(MNISTConfig(root=tmp_path))


def test_a_file_that_is_not_gzipped_though_its_name_says_so_is_named(tmp_path, write_idx_folder):
    write_idx_folder(tmp_path)
    file = tmp_path / f"{HELD_OUT}.gz"
    file.write_bytes(b"<html>not found</html>")
    assert str(file) in refused(MNISTConfig(root=tmp_path))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\x08",
        b"\0\0\x0a\x01\0\0\0\x01\0\0\0\0",  # no type has this code
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_what_is_no_idx_file_is_refused(tmp_path, content):
    file = tmp_path / "strange"
    file.write_bytes(content)
    with pytest.raises(DataError, match="is not an IDX file"):
        read_idx(file)


@pytest.mark.parametrize("wrong", [-1, 1])
def test_a_file_of_another_length_than_it_says_is_refused(tmp_path, write_idx, wrong):
    file = write_idx(tmp_path / "images", np.zeros((2, 3, 4)))
    content = file.read_bytes()
    file.write_bytes(content[:-1] if wrong < 0 else content + b"x")
    with pytest.raises(DataError) as caught:
        read_idx(file)
    assert f"it says (2, 3, 4) but holds {24 + wrong} bytes" in caught.value.message


@pytest.mark.parametrize("length", [4, 7, 15])
def test_a_file_that_ends_within_its_head_is_refused(tmp_path, write_idx, length):
    file = write_idx(tmp_path / "images", np.zeros((2, 3, 4)))
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(DataError) as caught:
        read_idx(file)
    assert str(file) in caught.value.message


def test_sizes_too_large_to_count_are_refused(tmp_path):
    """Their product, 2⁹⁶, is 0 for whoever counts in 64 bits."""
    file = tmp_path / "images"
    file.write_bytes(b"\0\0\x08\x03" + b"\x80\0\0\0" * 3)
    with pytest.raises(DataError, match="is damaged"):
        read_idx(file)


def test_more_labels_than_images_are_refused(tmp_path, write_idx_folder, write_idx):
    write_idx_folder(tmp_path)
    write_idx(tmp_path / f"{TRAIN_LABELS}.gz", np.zeros(31))
    message = refused(MNISTConfig(root=tmp_path))
    assert str(tmp_path) in message
    assert "(30, 5, 4)" in message
    assert "(31,)" in message


def test_labels_in_place_of_images_are_refused(tmp_path, write_idx_folder, write_idx):
    write_idx_folder(tmp_path)
    write_idx(tmp_path / f"{TRAIN}.gz", np.zeros(30))
    assert "do not belong together" in refused(MNISTConfig(root=tmp_path))


@pytest.mark.parametrize("classes", [11, 26])
def test_labels_beyond_the_class_names_are_refused(tmp_path, write_idx_folder, write_idx, classes):
    """As where letters, which have more classes, lie in the folder."""
    write_idx_folder(tmp_path)
    write_idx(tmp_path / f"{TRAIN_LABELS}.gz", np.arange(30) % classes)
    message = refused(MNISTConfig(root=tmp_path))
    assert str(tmp_path) in message
    assert f"label {classes - 1} " in message


def test_held_out_images_of_another_size_are_refused(tmp_path, write_idx_folder, write_idx):
    write_idx_folder(tmp_path)
    write_idx(tmp_path / f"{HELD_OUT}.gz", np.zeros((10, 6, 6)))
    assert str(tmp_path) in refused(MNISTConfig(root=tmp_path))


def test_the_variable_may_name_the_parent(tmp_path, write_idx_folder, monkeypatch):
    digits = write_idx_folder(tmp_path / "all" / "mnist", seed=1)
    clothes = write_idx_folder(tmp_path / "all" / "fashion-mnist", seed=2)
    monkeypatch.setenv("LATENTLAB_DATA", str(tmp_path / "all"))
    assert same(load(MNISTConfig()), digits)
    assert same(load(FashionMNISTConfig()), clothes)


def test_the_variable_may_name_the_folder_itself(tmp_path, write_idx_folder, monkeypatch):
    arrays = write_idx_folder(tmp_path / "mnist")
    monkeypatch.setenv("LATENTLAB_DATA", str(tmp_path / "mnist"))
    assert MNISTConfig().available()
    assert same(load(MNISTConfig()), arrays)


def test_a_folder_called_mnist_is_not_taken_for_clothes(tmp_path, write_idx_folder, monkeypatch):
    write_idx_folder(tmp_path / "mnist")
    monkeypatch.setenv("LATENTLAB_DATA", str(tmp_path / "mnist"))
    assert not FashionMNISTConfig().available()


def test_a_folder_of_any_other_name_is_taken_for_what_is_asked(
    tmp_path, write_idx_folder, monkeypatch
):
    arrays = write_idx_folder(tmp_path / "my clothes")
    monkeypatch.setenv("LATENTLAB_DATA", str(tmp_path / "my clothes"))
    assert same(load(FashionMNISTConfig()), arrays)


def test_the_variable_goes_before_the_download_folder(tmp_path, write_idx_folder, monkeypatch):
    write_idx_folder(downloads() / "mnist", seed=1)
    chosen = write_idx_folder(tmp_path / "chosen", seed=2)
    monkeypatch.setenv("LATENTLAB_DATA", str(tmp_path / "chosen"))
    assert same(load(MNISTConfig()), chosen)


def test_a_root_goes_before_the_variable(tmp_path, write_idx_folder, monkeypatch):
    write_idx_folder(tmp_path / "variable", seed=1)
    chosen = write_idx_folder(tmp_path / "root", seed=2)
    monkeypatch.setenv("LATENTLAB_DATA", str(tmp_path / "variable"))
    assert same(load(MNISTConfig(root=tmp_path / "root")), chosen)


def test_an_incomplete_folder_is_passed_over(tmp_path, write_idx_folder, monkeypatch):
    downloaded = write_idx_folder(downloads() / "mnist", seed=1)
    write_idx_folder(tmp_path / "half", seed=2)
    (tmp_path / "half" / f"{TRAIN}.gz").unlink()
    monkeypatch.setenv("LATENTLAB_DATA", str(tmp_path / "half"))
    assert same(load(MNISTConfig()), downloaded)


def test_data_is_available_once_all_four_files_are_there(write_idx_folder):
    assert not MNISTConfig().available()
    write_idx_folder(downloads() / "mnist")
    assert MNISTConfig().available()
    (downloads() / "mnist" / f"{HELD_OUT}.gz").unlink()
    assert not MNISTConfig().available()


def test_the_bytes_read_are_those_in_the_file(tmp_path):
    file = tmp_path / "two.gz"
    file.write_bytes(gzip.compress(b"\0\0\x08\x02\0\0\0\x02\0\0\0\x03abcdef", mtime=0))
    assert read_idx(file).tolist() == [[97, 98, 99], [100, 101, 102]]


def test_the_whole_mnist_is_read(mnist_root):
    splits = load(MNISTConfig(root=mnist_root))
    assert (len(splits.train), len(splits.validation)) == (60_000, 10_000)
    assert splits.spec.shape == (1, 28, 28)
    assert np.bincount(splits.train.labels).tolist() == [
        5923,
        6742,
        5958,
        6131,
        5842,
        5421,
        5918,
        6265,
        5851,
        5949,
    ]
    assert splits.train.images.mean() == pytest.approx(255 * 0.1307, rel=1e-3)


# As people have them


NAMES = {
    "dots": "{part}-{what}.{idx}-ubyte",
    "capitals": "{part}_{what}_{idx}.UBYTE.GZ",
    "a copy of a browser": "{part}-{what}-{idx}-ubyte (1).gz",
    "an ending of its own": "{part}-{what}.{idx}-ubyte.bin",
    "nothing of idx": "{part}-{what}",
    "qmnist": "qmnist-{part}-{what}-{idx}-int.gz",
    "a word in front": "my-{part}-{what}-{idx}-ubyte",
}


@pytest.mark.parametrize("pattern", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("test", ["t10k", "test"])
def test_files_are_known_by_names_of_all_kinds_and_packed_or_not(
    tmp_path, write_idx_folder, pattern, packed, test
):
    arrays = write_idx_folder(tmp_path / "proper", gz=packed)
    (tmp_path / "found").mkdir()
    for name in FILES:
        part, what, idx, _ = name.split("-")
        new = pattern.format(part=test if part == "t10k" else part, what=what, idx=idx)
        (tmp_path / "proper" / f"{name}{'.gz' * packed}").rename(tmp_path / "found" / new)
    assert same(load(MNISTConfig(root=tmp_path / "found")), arrays)
    assert same(load(MNISTConfig(root=tmp_path / "found" / new)), arrays)


@pytest.mark.parametrize("place", ["MNIST/raw", "raw", "MNIST", "mnist/raw"])
def test_the_folders_of_torchvision_are_looked_into(tmp_path, write_idx_folder, monkeypatch, place):
    arrays = write_idx_folder(tmp_path / place)
    assert same(load(MNISTConfig(root=tmp_path)), arrays)
    if place != "raw":
        monkeypatch.setenv("LATENTLAB_DATA", str(tmp_path))
        assert same(load(MNISTConfig()), arrays)


@pytest.mark.parametrize("name", ["FashionMNIST/raw", "fashion-mnist", "KMNIST/raw"])
def test_files_in_a_folder_of_another_set_are_not_given_its_classes(
    tmp_path, write_idx_folder, monkeypatch, name
):
    write_idx_folder(tmp_path / name)
    assert "has the name of" in refused(MNISTConfig(root=tmp_path / name))
    monkeypatch.setenv("LATENTLAB_DATA", str(tmp_path / name))
    assert not MNISTConfig().available()


CODES = {0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("columns", [0, 8])
def test_labels_may_be_of_any_type(tmp_path, write_idx_folder, code, columns):
    arrays = write_idx_folder(tmp_path)
    for name in (TRAIN_LABELS, HELD_OUT_LABELS):
        labels = arrays[name]
        # As QMNIST has them, with the class in the first of eight columns.
        table = np.stack([labels, *[labels + 3] * (columns - 1)], 1) if columns else labels
        head = bytes((0, 0, code, table.ndim)) + np.array(table.shape, ">u4").tobytes()
        (tmp_path / f"{name}.gz").write_bytes(head + table.astype(CODES[code]).tobytes())
    assert same(load(MNISTConfig(root=tmp_path)), arrays)


def test_pixels_of_0_and_1_are_black_and_white(tmp_path, write_idx_folder, write_idx):
    arrays = write_idx_folder(tmp_path)
    for name in (TRAIN, HELD_OUT):
        write_idx(tmp_path / f"{name}.gz", arrays[name] // 128)
    splits = load(MNISTConfig(root=tmp_path))
    assert set(np.unique(splits.train.images)) == {0, 255}
    assert "only 0 (black) and 1 (white)" in splits.note


@pytest.mark.parametrize(("subset", "first"), [("letters", 1), ("letters", 0), ("byclass", 0)])
def test_emnist_is_turned_upright_and_has_its_own_classes(tmp_path, write_idx, subset, first):
    images = np.random.default_rng(0).integers(0, 256, (60, 6, 6), np.uint8)
    labels = np.arange(60) % 26 + first
    for part in ("train", "test"):
        stem = tmp_path / f"emnist-{subset}-{part}"
        write_idx(Path(f"{stem}-images-idx3-ubyte.gz"), images)
        write_idx(Path(f"{stem}-labels-idx1-ubyte.gz"), labels)
    splits = load(MNISTConfig(root=tmp_path))
    outline = finish(MNISTConfig(root=tmp_path).outline())
    assert (outline.spec, outline.train, outline.validation) == (splits.spec, 60, 60)
    np.testing.assert_array_equal(splits.train.images[:, 0], images.transpose(0, 2, 1))
    names = np.array(splits.spec.class_names)[splits.train.labels]
    wanted = [*"ABC"] if subset == "letters" else [*"012"]
    assert names[:3].tolist() == wanted
    assert "upright" in splits.note
    assert "EMNIST" in splits.note


def test_of_several_sets_in_a_folder_none_is_guessed(tmp_path, write_idx_folder):
    for i, subset in enumerate(("digits", "mnist")):
        write_idx_folder(tmp_path / subset, seed=i)
        for file in (tmp_path / subset).iterdir():
            file.rename(tmp_path / f"emnist-{subset}-{file.name}")
    with pytest.raises(DataError, match="emnist-digits, emnist-mnist") as caught:
        load(MNISTConfig(root=tmp_path))
    advised = caught.value.advice.split("such as ")[1]
    splits = load(MNISTConfig(root=Path(advised)))
    assert "EMNIST's digits" in splits.note


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<!DOCTYPE html><html>", "it is a web page"),
        (b"PK\x03\x04....", "it is a ZIP"),
        (b"version https://git-lfs.github.com/spec/v1", "it only points to a file"),
        (b"", "it is empty"),
        (b"\0\0\x08\xff" + bytes(2000), "255 dimensions"),
        (gzip.compress(b"\0\0\x08\x02" + b"\xff" * 8 + bytes(100), mtime=0), "it says"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x02" + b"abc", mtime=0), "holds more"),
        (gzip.compress(bytes(1000), mtime=0)[:-20], "cannot be read"),
    ],
)
def test_the_true_reason_is_told(tmp_path, content, says):
    file = tmp_path / "train-images-idx3-ubyte.gz"
    file.write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        read_idx(file)
    assert len(str(caught.value)) < 500


def test_no_damage_raises_anything_else(tmp_path, write_idx_folder):
    write_idx_folder(tmp_path, gz=False)
    whole = (tmp_path / TRAIN).read_bytes()
    rng = np.random.default_rng(0)
    for packed in (False, True):
        start = gzip.compress(whole, mtime=0) if packed else whole
        for _ in range(150):
            content = np.frombuffer(start, np.uint8).copy()
            content[rng.integers(0, 60, 2)] = rng.integers(0, 256, 2)
            (tmp_path / TRAIN).write_bytes(content[: rng.integers(1, len(content) + 1)])
            with suppress(DataError):
                load(MNISTConfig(root=tmp_path))
