"""IDX files: reading, finding, and saying what is wrong with them."""

import gzip

import numpy as np
import pytest

from latentlab.data.base import load
from latentlab.data.fashion_mnist import FashionMNISTConfig
from latentlab.data.idx import FILES, read_idx
from latentlab.data.mnist import MNISTConfig
from latentlab.errors import DataError
from latentlab.paths import downloads

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
        b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0",  # floats
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_what_is_no_idx_file_of_bytes_is_refused(tmp_path, content):
    file = tmp_path / "strange"
    file.write_bytes(content)
    with pytest.raises(DataError, match="is not an IDX file of bytes"):
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
    file.write_bytes(gzip.compress(b"\0\0\x08\x02\0\0\0\x02\0\0\0\x03abcdef"))
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
