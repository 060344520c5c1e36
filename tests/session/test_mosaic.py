"""Many pictures as one, and pictures as files."""

import errno
import json
import os

import numpy as np
import pytest
from PIL import Image

from latentlab.errors import RunError
from latentlab.runs.image_files import read_png, save_animation, save_image, save_tiles
from latentlab.session.files.mosaic import tile
from latentlab.session.points import Point, Tiles


def pictures(count, height=2, width=3, *channels):
    values = np.arange(1, count + 1, dtype=np.uint8).reshape(-1, *[1] * (2 + len(channels)))
    return np.broadcast_to(values, (count, height, width, *channels)).copy()


def test_pictures_lie_in_reading_order():
    want = np.repeat(np.repeat([[1, 2, 3], [4, 5, 6]], 2, 0), 3, 1)
    assert np.array_equal(tile(pictures(6), 3), want)


def test_gaps_lie_between_neighbours_only():
    sheet = tile(pictures(4, 1, 1), 2, gap=1, ground=9)
    assert sheet.tolist() == [[1, 9, 2], [9, 9, 9], [3, 9, 4]]


def test_an_incomplete_last_row_ends_in_ground():
    sheet = tile(pictures(3, 1, 1), 2, gap=1, ground=7)
    assert sheet.tolist() == [[1, 7, 2], [7, 7, 7], [3, 7, 7]]


def test_more_columns_than_pictures():
    assert tile(pictures(2, 1, 1), 4).tolist() == [[1, 2, 0, 0]]


def test_colour_stays_colour():
    sheet = tile(pictures(4, 2, 3, 3), 2, gap=2)
    assert sheet.shape == (6, 8, 3)
    assert sheet[4, 5].tolist() == [4, 4, 4]
    assert sheet[2, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("count", "columns", "gap"), [(1, 1, 0), (7, 3, 1), (400, 20, 0)])
def test_the_shape_is_the_documented_one(count, columns, gap):
    sheet = tile(pictures(count, 4, 5), columns, gap)
    rows = -(-count // columns)
    assert sheet.shape == (rows * (4 + gap) - gap, columns * (5 + gap) - gap)
    assert sheet.dtype == np.uint8
    assert sheet.flags.c_contiguous


def test_a_png_keeps_pixels_and_says_how_it_was_made(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7), np.uint8)
    info = {"z": [0.5, -1.0], "name": "ü"}
    save_image(picture, tmp_path / "out.png", info)
    assert np.array_equal(read_png(tmp_path / "out.png"), picture)
    with Image.open(tmp_path / "out.png") as file:
        assert json.loads(file.text["latentlab"]) == info
    save_image(picture, tmp_path / "out.png", info, scale=3)
    assert np.array_equal(read_png(tmp_path / "out.png"), picture.repeat(3, 0).repeat(3, 1))


def test_a_colour_png_stays_colour(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    save_image(picture, tmp_path / "out.png", {})
    assert np.array_equal(read_png(tmp_path / "out.png"), picture)


def test_what_is_no_picture_reads_as_none(tmp_path):
    assert read_png(tmp_path / "gone.png") is None
    assert read_png(tmp_path) is None
    (tmp_path / "text.png").write_text("no picture", "utf-8")
    assert read_png(tmp_path / "text.png") is None


def test_a_film_of_one_picture_is_one_picture(tmp_path):
    save_animation(pictures(1), tmp_path / "one.gif", {})
    with Image.open(tmp_path / "one.gif") as film:
        assert (film.n_frames, film.size) == (1, (12, 8))


def test_a_colour_film(tmp_path):
    frames = np.zeros((3, 4, 4, 3), np.uint8)
    frames[0, ..., 0], frames[1, ..., 1], frames[2, ..., 2] = 255, 255, 255
    save_animation(frames, tmp_path / "film.gif", {})
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames == 4
        seen = []
        for i in range(4):
            film.seek(i)
            seen.append(film.convert("RGB").getpixel((0, 0)))
    assert seen == [(255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 255, 0)]


def test_a_file_is_replaced_only_when_the_new_one_is_whole(tmp_path, monkeypatch):
    path = tmp_path / "out.png"
    save_image(pictures(1)[0], path, {})
    before = path.read_bytes()

    def full_disk(number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full_disk)
    tiles = Tiles((Point((0.0,)),), pictures(1), 1)
    with pytest.raises(RunError, match="cannot be written"):
        save_tiles(tiles, path, {})
    assert path.read_bytes() == before
