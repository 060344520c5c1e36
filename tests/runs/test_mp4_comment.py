"""The comment of MP4 films that FFmpeg has written, and of damaged and hostile files."""

import json

import numpy as np
import pytest

from latentlab.runs.film_files import save_film
from latentlab.runs.mp4_comment import read_mp4_comment
from latentlab.session.files.film import FilmOptions
from latentlab.work import finish

FRAMES = np.stack([np.full((8, 8), 40 * i, np.uint8) for i in range(3)])
INFO = {"scene": 1, "z": [0.5], "model": "ü = ; # \\ \n'"}


def box(name, content):
    return (8 + len(content)).to_bytes(4) + name + content


def film(comment, *, version=bytes(4)):
    data = box(b"data", bytes(8) + comment)
    listed = box(b"ilst", box(b"\xa9nam", b"x") + box(b"\xa9cmt", data))
    meta = box(b"meta", version + box(b"hdlr", bytes(25)) + listed)
    return box(b"ftyp", b"isom") + box(b"mdat", bytes(100)) + box(b"moov", box(b"udta", meta))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.mp4"


def test_the_comment_of_a_written_film_is_read_back(path):
    pytest.importorskip("imageio_ffmpeg")
    finish(save_film(FRAMES, path, INFO, FilmOptions()))
    assert json.loads(read_mp4_comment(path)) == INFO
    # Longer than the arguments of a program may be.
    long = {**INFO, "codes": list(range(40_000))}
    finish(save_film(FRAMES, path, long, FilmOptions()))
    assert json.loads(read_mp4_comment(path)) == long


def test_boxes_with_sizes_of_64_bits_are_passed(path):
    large = (1).to_bytes(4) + b"mdat" + (16 + 5).to_bytes(8) + b"media"
    path.write_bytes(large + film(b"hello"))
    assert read_mp4_comment(path) == b"hello"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        bytes(4000),
        (7).to_bytes(4) + b"moov" + bytes(100),
        (1).to_bytes(4) + b"mdat" + (2**64 - 1).to_bytes(8) + bytes(9),
        box(b"moov", box(b"udta", b"")),
        film(b""),
    ],
)
def test_a_damaged_film_has_no_comment(path, content):
    path.write_bytes(content)
    assert read_mp4_comment(path) == b""


def test_a_film_that_is_cut_anywhere_has_no_comment_or_the_whole(path):
    whole = film(b"hello")
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        assert read_mp4_comment(path) == b""
