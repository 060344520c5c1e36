"""A file's ending is a promise: it is kept, or refused before any work is done."""

import json

import numpy as np
import pytest
from PIL import ExifTags, Image

from latentlab.errors import RunError
from latentlab.runs.figures import save_curves
from latentlab.runs.image_files import save_image, save_tiles
from latentlab.session.export import (
    GRID_FORMATS,
    IMAGE_FORMATS,
    NAMES,
    TABLES,
    check_output,
    check_suffix,
)
from latentlab.session.points import Point, Tiles

INFO = {"seed": 3, "model": "ü"}


def tiles(count=4):
    pictures = np.zeros((count, 6, 5), np.uint8)
    pictures[np.arange(count), np.arange(count)] = 200
    return Tiles(tuple(Point((float(i),)) for i in range(count)), pictures, 2)


def told(file):
    """Return what a file says of how it was made."""
    if "latentlab" in (texts := getattr(file, "text", {})):
        return json.loads(texts["latentlab"])
    if "comment" in file.info:
        return json.loads(file.info["comment"])
    return json.loads(file.getexif()[ExifTags.Base.ImageDescription])


@pytest.mark.parametrize(
    ("name", "kind", "frames"),
    [
        ("a.png", "PNG", 1),
        ("a.JPG", "JPEG", 1),
        ("a.jpeg", "JPEG", 1),
        ("a.webp", "WEBP", 1),
        ("a.tif", "TIFF", 1),
        ("a.tiff", "TIFF", 1),
        ("a.gif", "GIF", 6),
    ],
)
def test_a_file_holds_what_its_ending_says_and_how_it_was_made(tmp_path, name, kind, frames):
    save_tiles(tiles(), tmp_path / name, INFO)
    with Image.open(tmp_path / name) as file:
        assert file.format == kind
        assert getattr(file, "n_frames", 1) == frames
        assert told(file).items() >= INFO.items()


@pytest.mark.parametrize("name", ["way.webp", "way.gif"])
def test_steps_of_a_way_become_a_film(tmp_path, name):
    save_tiles(tiles(), tmp_path / name, INFO, steps=True)
    with Image.open(tmp_path / name) as file:
        assert file.n_frames == 6
        assert told(file)["seed"] == 3
        file.seek(1)
        assert np.asarray(file.convert("L"))[4, 0] == pytest.approx(200, abs=3)


@pytest.mark.parametrize(
    "name", ["a.eps", "a.avi", "a.npy", "a.mat", "a.bmp", "a.png.zip", "a", "png", ".png"]
)
@pytest.mark.parametrize("formats", [GRID_FORMATS, IMAGE_FORMATS, TABLES])
def test_other_endings_are_refused_with_the_list_of_those_that_can_be(tmp_path, name, formats):
    with pytest.raises(RunError) as refused:
        check_suffix(tmp_path / name, formats)
    assert all(f".{ending}" in refused.value.advice for ending in formats)
    with pytest.raises(RunError):
        save_tiles(tiles(), tmp_path / name, {})
    assert list(tmp_path.iterdir()) == []


def test_the_ending_of_a_figure_is_kept_or_refused(tmp_path):
    with pytest.raises(RunError, match=r"\.png, .*\.svg, \.pdf, \.csv, \.npz or"):
        save_curves((), tmp_path / "curves.bmp")


def test_what_a_format_has_no_room_for_is_said(tmp_path):
    with pytest.raises(RunError, match=r"20,000 × 1 pixels are too many for WEBP.*\.png"):
        save_image(np.zeros((1, 20_000), np.uint8), tmp_path / "a.webp", {})
    wide = {"z": [0.123456789] * 9_000}
    save_image(np.zeros((2, 2), np.uint8), tmp_path / "a.jpg", wide)
    with Image.open(tmp_path / "a.jpg") as file:
        assert ExifTags.Base.ImageDescription not in file.getexif()


def test_a_place_that_cannot_be_written_is_told_before_any_work(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    (tmp_path / "folder.png").mkdir()
    for path in (tmp_path / "file" / "deep" / "a.png", tmp_path / "folder.png"):
        with pytest.raises(RunError, match="cannot be written"):
            check_output(path, GRID_FORMATS)
    check_output(tmp_path / "new" / "deep" / "a.png", GRID_FORMATS)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(RunError, match="without write access"):
        check_output(tmp_path / "a.png", GRID_FORMATS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.png"]


def test_every_format_has_a_name_for_the_dialog():
    for ending, name in NAMES.items():
        assert f"*.{ending}" in name
