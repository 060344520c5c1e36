"""CelebA where a person may have it: as torchvision keeps it, in a ZIP with a CSV, cropped."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latentlab.data.data_set import load
from latentlab.data.sources.celeba import CelebAConfig
from latentlab.directories import downloads
from latentlab.errors import DataError
from latentlab.work import finish

SHARED = Path(__file__).parents[3] / "shared" / "data"
NAMES = [f"{i:06d}.png" for i in range(1, 21)]


@pytest.fixture
def torchvision_layout(tmp_path, write):
    folder = tmp_path / "celeba"
    write.pictures(folder / "img_align_celeba", NAMES)
    write.attributes(folder / "list_attr_celeba.txt", NAMES)
    return folder


def test_as_torchvision_keeps_it(torchvision_layout):
    parts = "".join(f"{name} {0 if i < 14 else 1 + i % 2}\n" for i, name in enumerate(NAMES))
    (torchvision_layout / "list_eval_partition.txt").write_text(parts)
    for root in (torchvision_layout, torchvision_layout.parent):
        splits = load(CelebAConfig(root=root, size=8))
        assert splits.sizes == {"train": 14, "validation": 3, "test": 3}
        assert splits.validation.files.tolist() == [NAMES[i] for i in (14, 16, 18)]
        outline = outline_of(CelebAConfig(root=root, size=8))
        assert outline.counts == splits.counts
        assert outline.attributes == splits.train.attributes.names
        assert splits.spec.shape == (3, 8, 8)
        assert splits.spec.classes == 0
        smiling = [i % 2 == 0 for i in range(20)]
        np.testing.assert_array_equal(splits.train.attributes.column("smiling"), smiling[:14])
        np.testing.assert_array_equal(splits.test.attributes.column("smiling"), [False] * 3)


def test_without_validation_images_those_of_the_test_are_for_validation(torchvision_layout):
    parts = "".join(f"{name},{0 if i < 14 else 2}\n" for i, name in enumerate(NAMES))
    (torchvision_layout / "list_eval_partition.csv").write_text(f"image_id,partition\n{parts}")
    splits = load(CelebAConfig(root=torchvision_layout, size=8))
    assert splits.sizes == {"train": 14, "validation": 6}


def outline_of(config):
    return finish(config.outline())


def test_without_the_official_choice_a_tenth_is_held_out_by_name(torchvision_layout):
    splits = load(CelebAConfig(root=torchvision_layout, size=8))
    assert (len(splits.train), len(splits.validation)) == (18, 2)
    numbers = [int(name[:6]) for name in splits.validation.files]
    smiling = [number % 2 == 1 for number in numbers]
    np.testing.assert_array_equal(splits.validation.attributes.column("smiling"), smiling)


def test_held_out_images_stay_so_where_some_cannot_be_read(torchvision_layout):
    held_out = load(CelebAConfig(root=torchvision_layout, size=8)).validation.files.tolist()
    images = torchvision_layout / "img_align_celeba"
    learned_from = next(name for name in NAMES if name not in held_out)
    for name in (held_out[0], learned_from):
        (images / name).write_text("broken")
    splits = load(CelebAConfig(root=torchvision_layout, size=8))
    assert splits.validation.files.tolist() == held_out[1:]
    assert len(splits.train) == 17
    assert splits.note.startswith("2 of 20 ")
    glasses = (int(held_out[1][:6]) - 1) % 3 == 0
    np.testing.assert_array_equal(splits.validation.attributes.column("eyeglasses"), (glasses,))


@pytest.mark.parametrize("place", ["data", "data/celeba", "home"])
def test_a_zip_is_found_by_itself(torchvision_layout, tmp_path, monkeypatch, place):
    folder = downloads() / "celeba" if place == "home" else tmp_path / place
    folder.mkdir(parents=True)
    monkeypatch.setenv("LATENTLAB_DATA", str(tmp_path / "data"))
    assert not CelebAConfig().available()
    images = torchvision_layout / "img_align_celeba"
    shutil.make_archive(str(folder / "celeba_small"), "zip", images)
    shutil.copy(torchvision_layout / "list_attr_celeba.txt", folder)
    config = CelebAConfig(size=8, classes_from=("Smiling",))
    assert config.available()
    assert load(config).spec.class_names == ("smiling", "no smiling")


def test_where_it_is_nowhere_one_is_told_what_to_do():
    assert not CelebAConfig().available()
    with pytest.raises(DataError, match="CelebA is not in") as caught:
        load(CelebAConfig())
    assert "list_attr_celeba.txt" in caught.value.advice


def test_images_without_attributes_are_still_images(tmp_path, write):
    write.pictures(tmp_path / "celeba", NAMES)
    splits = load(CelebAConfig(root=tmp_path / "celeba", size=8))
    assert splits.train.attributes is None
    assert "No attributes" in splits.note


def test_aligned_portraits_are_cropped_and_others_are_not(tmp_path):
    """The rim of an aligned portrait goes; that of one that is cropped already stays."""
    for name, size in (("aligned", (178, 218)), ("cropped", (64, 64))):
        picture = Image.new("RGB", size, "white")
        picture.paste("black", (10, 10, size[0] - 10, size[1] - 10))
        (tmp_path / name).mkdir()
        for i in range(3):
            picture.save(tmp_path / name / f"{i}.png")
    corner = {
        name: load(CelebAConfig(root=tmp_path / name)).train.images[0, 0, 0, 0]
        for name in ("aligned", "cropped")
    }
    assert corner == {"aligned": 0, "cropped": 255}


@pytest.mark.skipif(
    not (SHARED / "celeba10k_64.zip").exists(), reason=f"no CelebA on this machine, in {SHARED}"
)
def test_ten_thousand_real_ones(monkeypatch, tmp_path):
    monkeypatch.setenv("LATENTLAB_DATA", str(SHARED))
    splits = load(CelebAConfig(size=16, classes_from=("Male", "Eyeglasses")))
    assert (len(splits.train), len(splits.validation)) == (9000, 1000)
    assert splits.spec.shape == (3, 16, 16)
    assert splits.spec.class_names[0] == "male, eyeglasses"
    assert len(splits.train.attributes.names) == 40
    assert splits.note.startswith("Classes: male, eyeglasses (524), ")
    assert os.fspath(tmp_path) in os.fspath(splits.train.images.filename)
