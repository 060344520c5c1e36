"""Data sets saved by Hugging Face's package, where that is installed; see also the contract."""

from importlib.util import find_spec

import numpy as np
import pytest

from latentlab.data.data_set import load
from latentlab.data.sources.huggingface import HuggingFaceConfig
from latentlab.errors import DataError
from latentlab.work import finish


@pytest.mark.skipif(find_spec("datasets") is not None, reason="the package is there")
def test_a_missing_package_is_told(tmp_path):
    config = HuggingFaceConfig(root=tmp_path)
    assert not config.available()
    with pytest.raises(DataError, match="need the package datasets") as caught:
        load(config)
    assert "pip install datasets" in caught.value.advice


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(DataError, match="no folder"):
        load(HuggingFaceConfig(root=tmp_path / "nowhere"))


def test_parts_and_columns_are_found(tmp_path, write):
    datasets = pytest.importorskip("datasets")
    write.pictures(tmp_path, names := [f"{i}.png" for i in range(10)])
    saved = datasets.Dataset.from_dict(
        {"number": list(range(10)), "photo": [str(tmp_path / name) for name in names]},
        datasets.Features({"number": datasets.Value("int64"), "photo": datasets.Image()}),
    )
    parts = datasets.DatasetDict(train=saved.select(range(7)), test=saved.select(range(7, 10)))
    parts.save_to_disk(str(tmp_path / "saved"))
    splits = load(HuggingFaceConfig(root=tmp_path / "saved", size=8, crop="none"))
    assert (len(splits.train), len(splits.validation)) == (7, 3)
    assert splits.train.labels is None
    three = datasets.DatasetDict(
        test=saved.select(range(8, 10)), validation=saved.select([7]), train=saved.select(range(7))
    )
    three.save_to_disk(str(tmp_path / "three"))
    config = HuggingFaceConfig(root=tmp_path / "three", size=8, crop="none")
    found = load(config)
    assert found.sizes == {"train": 7, "validation": 1, "test": 2}
    assert finish(config.outline()).counts == found.counts
    assert found.test.files.tolist() == ["test#1", "test#2"]
    saved.select_columns("number").save_to_disk(str(tmp_path / "numbers"))
    with pytest.raises(DataError, match="no column"):
        load(HuggingFaceConfig(root=tmp_path / "numbers"))
    with pytest.raises(DataError, match="not a data set written by save_to_disk"):
        load(HuggingFaceConfig(root=tmp_path))
    assert not np.array_equal(splits.train.images[0], splits.train.images[1])
