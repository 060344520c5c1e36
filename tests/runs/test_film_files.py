"""Films are read back by other programs: Pillow, and FFmpeg through imageio."""

import errno
import json

import numpy as np
import pytest
from PIL import ExifTags, Image

from latentlab.errors import RunError
from latentlab.runs.film_files import film_note, save_film
from latentlab.session.files.film import FilmOptions, frame_order
from latentlab.session.points import Loop
from latentlab.work import finish

FRAMES = np.stack([np.full((7, 5), 40 * i, np.uint8) for i in range(6)])
INFO = {"scene": 1, "z": [0.5], "model": "ü"}


@pytest.mark.parametrize(
    ("loop", "order"),
    [
        (Loop.ONCE, (0, 1, 2, 3, 4, 5)),
        (Loop.ROUND, (0, 1, 2, 3, 4, 5)),
        (Loop.BACK, (0, 1, 2, 3, 4, 5, 4, 3, 2, 1)),
    ],
)
@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_an_animation_has_its_order_rate_size_and_recipe(tmp_path, ending, loop, order):
    path = tmp_path / f"a.{ending}"
    finish(save_film(FRAMES, path, INFO, FilmOptions(scale=3, fps=20, loop=loop)))
    note = film_note(FRAMES, path, FilmOptions(scale=3, fps=20, loop=loop))
    assert note.startswith(f"{len(order)} frames of 15 × 21 pixels (6 images, {loop}), ")
    with Image.open(path) as file:
        assert file.size == (15, 21)
        assert file.n_frames == len(order)
        assert file.info.get("loop", 1) == (1 if loop is Loop.ONCE else 0)
        shown = []
        for i in range(file.n_frames):
            file.seek(i)
            shown.append(int(np.asarray(file.convert("L"))[10, 7]))
            assert file.info["duration"] == 50
        comment = file.info.get("comment")
        text = comment or file.getexif()[ExifTags.Base.ImageDescription]
    assert shown == pytest.approx([40 * i for i in order], abs=3)
    assert json.loads(text).items() >= INFO.items()


# The reader of imageio leaves its pipes open if FFmpeg has ended before it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_mp4_is_read_by_ffmpeg(tmp_path):
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    path = tmp_path / "a.mp4"
    done = [*save_film(FRAMES, path, INFO, FilmOptions(scale=9, fps=10, loop=Loop.ONCE))]
    assert done == sorted(done)
    assert len(done) == 6
    reader = imageio_ffmpeg.read_frames(str(path))
    about = next(reader)
    frames = [np.frombuffer(next(reader), np.uint8).reshape(64, 46, 3) for _ in range(6)]
    reader.close()
    assert about["size"] == (46, 64)
    assert about["fps"] == 10
    assert [int(frame[20, 20, 0]) for frame in frames] == pytest.approx(
        [40 * i for i in range(6)], abs=8
    )
    assert b'"scene"' in path.read_bytes()


def test_the_order_of_few_frames():
    assert frame_order(1, Loop.BACK) == (0,)
    assert frame_order(2, Loop.BACK) == (0, 1)


@pytest.mark.parametrize("ending", ["gif", "webp", "mp4"])
def test_a_film_that_is_cancelled_or_cannot_be_written_leaves_nothing(tmp_path, ending):
    if ending == "mp4":
        pytest.importorskip("imageio_ffmpeg")
    pieces = save_film(FRAMES, tmp_path / f"a.{ending}", INFO, FilmOptions())
    next(pieces)
    pieces.close()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be written"):
        finish(save_film(FRAMES, tmp_path / "file" / f"a.{ending}", INFO, FilmOptions()))


def test_a_full_disk_is_told_and_the_old_file_is_kept(tmp_path, monkeypatch):
    path = tmp_path / "a.gif"
    finish(save_film(FRAMES, path, INFO, FilmOptions()))
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(RunError, match=r"No space left on device.*disk space"):
        finish(save_film(FRAMES[:2], path, INFO, FilmOptions()))
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["a.gif"]


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(RunError, match=r"\.gif, \.webp or \.mp4"):
        finish(save_film(FRAMES, tmp_path / "a.avi", INFO, FilmOptions()))
