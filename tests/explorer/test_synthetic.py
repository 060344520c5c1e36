"""A generated data set: images per class that are what the manifest says, and train a model."""

import csv

import numpy as np
import pytest
from PIL import Image

from latentlab.data.sources.folder import FolderConfig
from latentlab.directories import resources
from latentlab.errors import RunError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.explorer import Explorer
from latentlab.session.files.dataset import SaveDataset
from latentlab.work import finish

find_answers()


@pytest.fixture(scope="module")
def cvae():
    explorer = Explorer()
    explorer.open(resources() / "models" / "digits-cvae")
    return explorer


def test_it_has_a_folder_per_class_and_a_manifest(cvae, tmp_path):
    folder = tmp_path / "new" / "set"
    finish(answer(SaveDataset(folder, 3, seed=5), cvae))
    with (folder / "manifest.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 30
    assert {row["class"] for row in rows} == {str(i) for i in range(10)}
    for row in (rows[0], rows[-1]):
        assert row["file"].startswith(f"{row['class']}/")
        z = [float(row[f"z{d + 1}"]) for d in range(20)]
        with Image.open(folder / row["file"]) as image:
            pixels = np.asarray(image)
        point = cvae.card.point(z, int(row["label"]))
        np.testing.assert_allclose(pixels.astype(int), cvae.decode(point).pixels, atol=1)
    assert len({row["z1"] for row in rows}) == 30
    splits = finish(FolderConfig(root=folder, width=28, height=28, colour=False).load())
    assert splits.spec.class_names == tuple(str(i) for i in range(10))
    assert len(splits) == 30


def test_a_folder_with_files_is_refused(cvae, tmp_path):
    (tmp_path / "mine.txt").touch()
    with pytest.raises(RunError, match="not an empty folder"):
        finish(answer(SaveDataset(tmp_path, 1), cvae))
    with pytest.raises(RunError, match=r"\.npz or \.zip"):
        finish(answer(SaveDataset(tmp_path / "mine.txt", 1), cvae))
    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]


def test_a_model_without_classes_writes_one_folder(tmp_path):
    explorer = Explorer()
    explorer.open(resources() / "models" / "digits-2d")
    finish(answer(SaveDataset(tmp_path / "set", 4), explorer))
    assert len(list((tmp_path / "set").glob("*.png"))) == 4
