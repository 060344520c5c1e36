"""Decoded pictures, kept on disk as one array that is mapped into memory.

An entry is a folder named after what is in it: which files, how large and how old they are, and
what they were brought to. It is written beside its place and then moved there, so that it is
whole or not there. The least recently used ones make room for new ones.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import FailFast, TypeAdapter

from latentlab.data.files.decoding import Decoding
from latentlab.data.files.numpy_file import NumpyFile
from latentlab.directories import cache
from latentlab.errors import DataError
from latentlab.json_files import LARGE, Record, read_json

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from numpy.typing import NDArray

    from latentlab.data.files.archive import Entry, Skipped, Source
    from latentlab.data.files.image_file import Frame
    from latentlab.work import Progress

VERSION = 2
LIMIT = 8 << 30
"""Bytes that all entries may take together; the one in use may be larger."""
ABANDONED = 3600.0
"""Seconds after which a half-written entry is what a killed program left behind."""
IMAGES, ROWS, REPORT = "images.npy", "rows.npy", "skipped.txt"
ABOUT = "about.json"
"""What was found out while decoding: the files left out, and notes."""
WIDE = "wide.bin"
"""Pictures of more than 8 bits, which wait for the scale of all of them."""


class _About(Record):
    skipped: Annotated[tuple[tuple[str, str], ...], FailFast()]
    notes: tuple[str, ...]


_ABOUT = TypeAdapter(_About)


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of a set that could be read.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, C, H, W)
        Mapped from disk.
    rows : ndarray of int64, shape (N,)
        Which of the entries each of them is.
    skipped : tuple of (str, str)
        What could not be read, and why.
    report : Path
        A text file with the same, where there is anything.
    notes : tuple of str
        What else one should know of how they were read.
    """

    images: NDArray[np.uint8]
    rows: NDArray[np.int64]
    skipped: Skipped
    report: Path
    notes: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """Say what was left out, and what else one should know; empty where there is nothing."""
        if not self.skipped:
            return " ".join(self.notes)
        left_out = (
            f"{len(self.skipped):,} of {len(self.images) + len(self.skipped):,} pictures could "
            f"not be read and were left out; {self.report} lists them."
        )
        return " ".join([left_out, *self.notes])


def open_pictures(
    source: Source, entries: Sequence[Entry], frame: Frame
) -> Generator[Progress, None, Pictures]:
    """Return pictures in the order of `entries`, decoded unless that was done before.

    Raises
    ------
    DataError
        Where not even two can be read, or there is no room for them.
    """
    folder = cache() / "pictures" / signature(entries, frame)
    if known := _kept(folder, len(entries), frame):
        return known
    yield from _build(source, entries, frame, folder)
    _make_room(folder)
    return _read(folder, len(entries), frame)


def _kept(folder: Path, count: int, frame: Frame) -> Pictures | None:
    """Return what was decoded before; what is damaged goes, to be decoded anew."""
    if not (folder / ABOUT).exists():
        return None
    try:
        return _read(folder, count, frame)
    except DataError:
        shutil.rmtree(folder, ignore_errors=True)
        return None


def signature(entries: Iterable[Entry], frame: Frame) -> str:
    """Return a name for the decoded pictures, another one as soon as any file changes."""
    digest = hashlib.sha256(f"{VERSION} {frame}\n".encode())
    for entry in entries:
        line = f"{entry.name}\0{entry.size}\0{entry.stamp}\n"
        digest.update(line.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


def _build(
    source: Source, entries: Sequence[Entry], frame: Frame, folder: Path
) -> Generator[Progress]:
    part = _make_part(folder, len(entries) * int(np.prod(frame.shape)))
    try:
        work = Decoding(source, entries, frame)
        yield from work.run(part / IMAGES, part / WIDE)
        np.save(part / ROWS, np.array(work.rows, np.int64))
        skipped = [*source.skipped, *work.skipped]
        lines = "".join(f"{name}: {why}\n" for name, why in skipped)
        (part / REPORT).write_text(lines, encoding="utf-8", errors="backslashreplace")
        about = {"skipped": skipped, "notes": work.notes}
        # A file's name may hold what is no Unicode.
        text = json.dumps(about, ensure_ascii=False)
        (part / ABOUT).write_text(text, encoding="utf-8", errors="replace")
        # Another process may have been as busy with the same.
        with suppress(FileExistsError, PermissionError):
            part.rename(folder)
    except OSError as error:
        if (folder / ABOUT).exists():
            return
        raise DataError(
            f"The pictures cannot be kept in {folder.parent}: {error}.", "Make room on the disk."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _make_part(folder: Path, needed: int) -> Path:
    """Make a place for an entry in the making, once it is clear that it will fit."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder.parent).free
        if needed < free:
            return Path(tempfile.mkdtemp(".part", f"{folder.name}.", folder.parent))
    except OSError as error:
        raise DataError(
            f"The pictures cannot be kept in {folder.parent}: {error}.",
            "Make room on the disk, or move the folder with LATENTLAB_HOME.",
        ) from error
    raise DataError(
        f"Decoded, the pictures take {needed / 1e9:.1f} GB, and {folder.parent} has room for "
        f"{free / 1e9:.1f} GB.",
        "Choose a smaller size, or move the folder with LATENTLAB_HOME.",
    )


def _read(folder: Path, count: int, frame: Frame) -> Pictures:
    images, rows = (NumpyFile(folder / name, "The cache").read() for name in (IMAGES, ROWS))
    about = read_json(folder / ABOUT, _ABOUT, DataError, most=LARGE)
    fits = images.dtype == np.uint8 and images.shape == (rows.size, *frame.shape) and rows.size
    if not fits or rows.dtype != np.int64 or not 0 <= rows.min() <= rows.max() < count:
        raise DataError(f"The cache in {folder} is damaged.", "Delete it.")
    with suppress(OSError):
        os.utime(folder)  # for `_make_room`
    return Pictures(images, np.array(rows), about.skipped, folder / REPORT, about.notes)


def _make_room(kept: Path) -> None:
    """Drop what a killed program left, and the entries used longest ago beyond the limit."""
    taken = 0
    with suppress(OSError):
        newest_first = sorted(kept.parent.iterdir(), key=_last_used, reverse=True)
        for folder in sorted(newest_first, key=lambda folder: folder != kept):
            if folder.suffix == ".part":
                written = max(_last_used(folder), _last_used(folder / IMAGES))
                if time.time() - written > ABANDONED:
                    shutil.rmtree(folder, ignore_errors=True)
                continue
            taken += sum(file.stat().st_size for file in folder.iterdir())
            if taken > LIMIT and folder != kept:
                shutil.rmtree(folder, ignore_errors=True)


def _last_used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
