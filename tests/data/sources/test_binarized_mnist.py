"""Larochelle's binarized MNIST, from files of text."""

import numpy as np
import pytest

from latentlab.data.data_set import config_for, load
from latentlab.data.image_set import ImageSpec
from latentlab.data.sources.binarized_mnist import FILES, BinarizedMNISTConfig
from latentlab.errors import DataError

SPEC = ImageSpec((1, 28, 28))


@pytest.fixture
def files(tmp_path):
    """The three files as they are distributed, with fewer images."""
    tables = {}
    for name, count in zip(FILES, (5, 3, 2), strict=True):
        table = np.random.default_rng(count).integers(0, 2, (count, 784))
        text = "".join(" ".join(map(str, row)) + " \n" for row in table)
        (tmp_path / name).write_text(text)
        tables[name] = table
    return tmp_path, tables


@pytest.mark.parametrize("name", [".", *FILES])
def test_a_folder_or_one_of_its_files_is_recognised(files, name):
    folder, _ = files
    config = config_for(folder / name, SPEC)
    assert config == BinarizedMNISTConfig(root=folder / name)
    assert config.available()


def test_parts_are_the_official_ones(files):
    folder, tables = files
    splits = load(BinarizedMNISTConfig(root=folder))
    for part, name in zip((splits.train, splits.validation, splits.test), FILES, strict=True):
        assert part.spec == SPEC
        assert part.labels is None
        np.testing.assert_array_equal(part.images.reshape(-1, 784), 255 * tables[name])


def test_a_missing_file_is_named(files):
    folder, _ = files
    (folder / FILES[1]).unlink()
    assert config_for(folder, SPEC) is None
    config = BinarizedMNISTConfig(root=folder)
    assert not config.available()
    with pytest.raises(DataError, match=FILES[1]):
        load(config)


@pytest.mark.parametrize("text", ["", "0 1 2", "0 1 0\n", "0.5 " * 784, "0" * 783, "\x00" * 784])
def test_what_is_no_table_of_pixels_is_refused(files, text):
    folder, _ = files
    (folder / FILES[2]).write_text(text)
    with pytest.raises(DataError, match="784 digits 0 or 1"):
        load(BinarizedMNISTConfig(root=folder))
