"""What is said of dropped files is what happens to them."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from latentlab.data.files import drops
from latentlab.data.files.drops import DropKind, DropText, describe, recognize
from latentlab.directories import resources
from latentlab.session.import_.model import ForeignFormat

RUN = resources() / "models" / "digits-2d"


@pytest.fixture
def folder(tmp_path):
    """Three images, and a file that is none."""
    folder = tmp_path / "zoo"
    folder.mkdir()
    for i in range(3):
        Image.fromarray(np.full((4, 4), 80 * i, np.uint8)).save(folder / f"{i}.png")
    (folder / "phone.heic").touch()
    return folder


@pytest.fixture
def make_file(tmp_path):
    def make(name):
        (tmp_path / name).touch()
        return tmp_path / name

    return make


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("best.safetensors", DropKind.MODEL),
        ("mine.TOML", DropKind.RECIPE),
        ("photo.JPG", DropKind.IMAGE),
        ("scan", DropKind.IMAGE),
        ("notes.txt", DropKind.UNKNOWN),
        ("phone.heic", DropKind.UNKNOWN),
    ],
)
def test_a_file_is_known_by_its_suffix(make_file, name, kind):
    assert recognize([make_file(name)]).kind is kind


def test_folders_are_runs_or_images_or_neither(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    kinds = [recognize([path]).kind for path in (RUN, folder, tmp_path / "empty")]
    assert kinds == [DropKind.RUN, DropKind.IMAGES, DropKind.UNKNOWN]


def test_models_of_other_programs_are_known_by_their_formats(make_file, tmp_path):
    formats = (
        ForeignFormat("PyTorch", (".pt",)),
        ForeignFormat("pythae", folder_files=("model_config.json",)),
        ForeignFormat("Pickle", (".pkl",), is_refused=True),
    )
    (tmp_path / "beta").mkdir()
    assert recognize([tmp_path / "beta"], formats).kind is DropKind.UNKNOWN
    (tmp_path / "beta" / "model_config.json").touch()
    assert recognize([tmp_path / "beta"], formats).kind is DropKind.MODEL
    for name, kind in (("vae.pt", DropKind.MODEL), ("vae.pkl", DropKind.UNKNOWN)):
        assert recognize([make_file(name)], formats).kind is kind


def test_images_are_counted(folder, tmp_path):
    text = describe(recognize([folder]))
    assert (text.title, text.name) == ("Use 3 images as training data", "zoo")
    assert "HEIC" in text.note
    with zipfile.ZipFile(tmp_path / "zoo.zip", "w") as archive:
        archive.write(folder / "0.png", "0.png")
    assert describe(recognize([tmp_path / "zoo.zip"])).title == "Use 1 image as training data"


def test_counting_ends_in_time(folder, monkeypatch):
    monkeypatch.setattr(drops, "COUNTING_SECONDS", 0.0)
    assert describe(recognize([folder])) == DropText("Use as training data", "zoo")


def test_an_archive_without_images_cannot_be_opened(tmp_path):
    with zipfile.ZipFile(tmp_path / "texts.zip", "w") as archive:
        archive.writestr("a.md", "words")
    text = describe(recognize([tmp_path / "texts.zip"]))
    assert text.title == "Cannot be opened"
    assert not text.is_known
    assert "no images" in text.note


def test_what_cannot_be_opened_says_why(make_file, tmp_path):
    text = describe(recognize([make_file("phone.heic")]))
    assert (text.title, text.is_known) == ("Cannot be opened: .heic", False)
    assert "JPEG" in text.note
    (tmp_path / "empty").mkdir()
    assert "neither a run" in describe(recognize([tmp_path / "empty"])).note


def test_of_several_files_the_first_that_can_be_opened_is_used(make_file):
    drop = recognize([make_file("notes.txt"), RUN, make_file("photo.png")])
    assert (drop.path, drop.kind) == (RUN, DropKind.RUN)
    assert describe(drop).note == "notes.txt and photo.png are not used."
    many = [make_file(f"{i}.png") for i in range(6)]
    assert describe(recognize(many)).note == "The other 5 files are not used."
    assert describe(recognize(many[:2])).note == "1.png is not used."
