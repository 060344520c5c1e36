"""Films: images one after another as GIF, WebP or MP4, with metadata about how they were made."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.atomic_write import write_atomically
from latentlab.errors import RunError
from latentlab.extras import how_to_install
from latentlab.runs.image_files import SOFTWARE, enlarged, exif_of, save_encoded
from latentlab.session.export import ANIMATIONS, check_output, check_suffix
from latentlab.session.files.film import MAX_SIDE, FilmOptions, frame_order
from latentlab.session.points import Loop

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

    from numpy.typing import NDArray
    from PIL import Image

MP4_TURNS = 3
"""Number of turns of a looping MP4: players of MP4 do not repeat it by themselves."""


def save_film(
    frames: NDArray[np.uint8],
    path: Path,
    info: Mapping[str, Any],
    options: FilmOptions,
) -> Generator[float, None, None]:
    """Write frames as a film of the kind that the ending of `path` names.

    Parameters
    ----------
    frames : ndarray of uint8, shape (N, H, W) or (N, H, W, 3)
        Images in order.
    path : Path
        File that ends in ``.gif``, ``.webp`` or ``.mp4``.
    info : mapping
        Metadata written into the file.
    options : FilmOptions
        Size, rate and loop.

    Yields
    ------
    float
        Fraction done, 0 to 1.

    Raises
    ------
    RunError
        If the ending is another one, the file cannot be written, or the encoder of MP4 is missing.
    """
    kind = check_suffix(path, ANIMATIONS)
    check_output(path, ANIMATIONS)
    scale = _scale_of(frames, options)
    order = frame_order(len(frames), options.loop)
    if kind == "mp4":
        turns = 1 if options.loop is Loop.ONCE else MP4_TURNS
        moving = (enlarged(frames[i], scale) for i in order * turns)
        yield from _save_mp4(moving, len(order) * turns, path, info, options.fps)
        return
    images: list[Image.Image] = []
    for done, i in enumerate(order):
        images.append(enlarged(frames[i], scale))
        yield 0.5 * done / len(order)
    _save_animation(images, kind, path, info, options)


def film_note(frames: NDArray[np.uint8], path: Path, options: FilmOptions) -> str:
    """Return a sentence about a film that `save_film` has written: frames, and size."""
    count, size = len(frame_order(len(frames), options.loop)), path.stat().st_size / 1000
    pixels = ""
    if path.suffix.lower() == ".mp4":
        count *= 1 if options.loop is Loop.ONCE else MP4_TURNS
    else:
        height, width = (_scale_of(frames, options) * side for side in frames.shape[1:3])
        pixels = f" of {width} × {height} pixels"
    return f"{count} frames{pixels} ({len(frames)} images, {options.loop}), {size:,.1f} kB."


def _scale_of(frames: NDArray[np.uint8], options: FilmOptions) -> int:
    return min(options.scale, max(1, MAX_SIDE // max(frames.shape[1:3])))


def _save_animation(
    images: list[Image.Image],
    kind: str,
    path: Path,
    info: Mapping[str, Any],
    options: FilmOptions,
) -> None:
    first, *others = images
    turns = {} if options.loop is Loop.ONCE and kind == "gif" else {"loop": 0}
    if options.loop is Loop.ONCE and kind == "webp":
        turns = {"loop": 1}
    common: dict[str, Any] = {
        "save_all": True,
        "append_images": others,
        "duration": round(1000 / options.fps),
        **turns,
    }
    if kind == "gif":
        comment = json.dumps({"software": SOFTWARE, **info}).encode()
        save_encoded(first, path, "GIF", comment=comment, **common)
    else:
        save_encoded(first, path, "WEBP", lossless=True, exif=exif_of(json.dumps(info)), **common)


def _save_mp4(
    images: Iterable[Image.Image], count: int, path: Path, info: Mapping[str, Any], fps: float
) -> Generator[float, None, None]:
    """Write an MP4 file; FFmpeg writes a temporary file, which is then moved."""
    try:
        from imageio_ffmpeg import write_frames  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise RunError(
            f"{path.name} cannot be written: imageio-ffmpeg is missing.",
            f"Choose .gif or .webp. {how_to_install('film')}",
        ) from error
    with tempfile.TemporaryDirectory() as folder, _writing(path):
        file = Path(folder) / "film.mp4"
        writer = None
        try:
            for done, image in enumerate(images):
                pixels = _even(np.asarray(image.convert("RGB")))
                if writer is None:
                    writer = write_frames(
                        str(file),
                        (pixels.shape[1], pixels.shape[0]),
                        fps=fps,
                        codec="libx264",
                        quality=8,
                        macro_block_size=2,
                    )
                    writer.send(None)
                writer.send(pixels.tobytes())
                yield done / count
        finally:
            if writer is not None:
                writer.close()
        write_atomically(path, _with_comment(file, info).read_bytes())


@contextmanager
def _writing(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{path} cannot be written: {error}.", "Free disk space, or choose .gif."
        ) from error


def _with_comment(film: Path, info: Mapping[str, Any]) -> Path:
    """Return a copy of a film with metadata, which `read_mp4_comment` reads.

    FFmpeg reads it from a file, because arguments of programs have a maximum length.
    """
    from imageio_ffmpeg import get_ffmpeg_exe

    text = re.sub(r"([=;#\\\n])", r"\\\1", json.dumps(info))
    notes, copy = film.with_name("notes.txt"), film.with_name(f"with-notes{film.suffix}")
    notes.write_text(f";FFMETADATA1\ncomment={text}\n", encoding="utf-8")
    inputs = ["-i", str(film), "-f", "ffmetadata", "-i", str(notes)]
    command = [get_ffmpeg_exe(), "-y", "-v", "error", *inputs, "-map_metadata", "1", "-c", "copy"]
    done = subprocess.run(
        [*command, str(copy)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # of Windows
    )
    if done.returncode:
        raise OSError(done.stderr.strip())
    return copy


def _even(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return pixels with even sides, as H.264 requires; the last row or column is repeated."""
    odd = [(0, side % 2) for side in pixels.shape[:2]]
    return np.ascontiguousarray(np.pad(pixels, (*odd, (0, 0)), mode="edge"))
