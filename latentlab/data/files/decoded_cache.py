"""Disk cache of decoded images, memory-mapped when read.

An entry is a folder named by a hash of its files (names, sizes, timestamps) and of the image
format. It is written to a temporary folder and then renamed, so that incomplete entries are never
read. The least recently used entries are deleted above `LIMIT`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import FailFast, TypeAdapter

from latentlab.atomic_write import complete_folder, is_incomplete
from latentlab.data.files.decoding import Decoding
from latentlab.data.files.numpy_file import NumpyFile
from latentlab.directories import cache
from latentlab.errors import DataError
from latentlab.json_files import LARGE, Record, read_json

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.data.files.archive import Entry, Skipped, Source
    from latentlab.data.files.image_file import ImageFormat
    from latentlab.work import Progress

VERSION = 2
LIMIT = 8 << 30
"""Maximum total size of the cache in bytes; the entry in use is exempt."""
IMAGES, ROWS, REPORT = "images.npy", "rows.npy", "skipped.txt"
ABOUT = "about.json"
"""Results of decoding: skipped files and notes."""
WIDE = "wide.bin"
"""Images of more than 8 bits before they are scaled together."""


class _About(Record):
    skipped: Annotated[tuple[tuple[str, str], ...], FailFast()]
    notes: tuple[str, ...]


_ABOUT = TypeAdapter(_About)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Readable images of a source.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, C, H, W)
        Memory-mapped.
    rows : ndarray of int64, shape (N,)
        Index of the entry of each image.
    skipped : tuple of (str, str)
        Names of unreadable files, and the reasons.
    report : Path
        Text file that lists the skipped files.
    notes : tuple of str
        Notes on how the images were read.
    """

    images: NDArray[np.uint8]
    rows: NDArray[np.int64]
    skipped: Skipped
    report: Path
    notes: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """Text on skipped files and the notes; empty without any."""
        if not self.skipped:
            return " ".join(self.notes)
        left_out = (
            f"{len(self.skipped):,} of {len(self.images) + len(self.skipped):,} images could "
            f"not be read and were left out; {self.report} lists them."
        )
        return " ".join([left_out, *self.notes])


def open_pictures(
    source: Source, entries: Sequence[Entry], frame: ImageFormat
) -> Generator[Progress, None, Pictures]:
    """Return images in the order of `entries`, from the cache or decoded into it.

    Raises
    ------
    DataError
        If fewer than two can be read, or the disk is full.
    """
    folder = cache() / "pictures" / signature(entries, frame)
    if cached := _cached(folder, len(entries), frame):
        return cached
    yield from _build(source, entries, frame, folder)
    _evict(folder)
    return _read(folder, len(entries), frame)


def _cached(folder: Path, count: int, frame: ImageFormat) -> Pictures | None:
    """Return a cache entry, or None; deletes a damaged one."""
    if not (folder / ABOUT).exists():
        return None
    try:
        return _read(folder, count, frame)
    except DataError:
        shutil.rmtree(folder, ignore_errors=True)
        return None


def signature(entries: Iterable[Entry], frame: ImageFormat) -> str:
    """Return a hash of the entries and the format, which names the cache entry."""
    digest = hashlib.sha256(f"{VERSION} {frame}\n".encode())
    for entry in entries:
        line = f"{entry.name}\0{entry.size}\0{entry.stamp}\n"
        digest.update(line.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


def _build(
    source: Source, entries: Sequence[Entry], frame: ImageFormat, folder: Path
) -> Generator[Progress]:
    _check_space(folder, len(entries) * int(np.prod(frame.shape)))
    try:
        # Another process may write the same entry in the meantime.
        with complete_folder(folder) as part:
            work = Decoding(source, entries, frame)
            yield from work.run(part / IMAGES, part / WIDE)
            _describe(part, work, [*source.skipped, *work.skipped])
    except OSError as error:
        if (folder / ABOUT).exists():
            return
        raise DataError(
            f"The images cannot be kept in {folder.parent}: {error}.", "Free disk space."
        ) from error


def _describe(part: Path, work: Decoding, skipped: Sequence[tuple[str, str]]) -> None:
    """Write which entries were decoded and which were skipped."""
    np.save(part / ROWS, np.array(work.rows, np.int64))
    lines = "".join(f"{name}: {why}\n" for name, why in skipped)
    (part / REPORT).write_text(lines, encoding="utf-8", errors="backslashreplace")
    about = {"skipped": skipped, "notes": work.notes}
    # File names may contain lone surrogates.
    text = json.dumps(about, ensure_ascii=False)
    (part / ABOUT).write_text(text, encoding="utf-8", errors="replace")


def _check_space(folder: Path, needed: int) -> None:
    """Check that the disk of an entry has `needed` bytes."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder.parent).free
    except OSError as error:
        raise DataError(
            f"The images cannot be kept in {folder.parent}: {error}.",
            "Free disk space, or move the folder with LATENTLAB_HOME.",
        ) from error
    if needed >= free:
        raise DataError(
            f"Decoded, the images take {needed / 1e9:.1f} GB, and {folder.parent} has room for "
            f"{free / 1e9:.1f} GB.",
            "Choose a smaller size, or move the folder with LATENTLAB_HOME.",
        )


def _read(folder: Path, count: int, frame: ImageFormat) -> Pictures:
    images, rows = (NumpyFile(folder / name, "The cache").read() for name in (IMAGES, ROWS))
    about = read_json(folder / ABOUT, _ABOUT, DataError, most=LARGE)
    fits = images.dtype == np.uint8 and images.shape == (rows.size, *frame.shape) and rows.size
    if not fits or rows.dtype != np.int64 or not 0 <= rows.min() <= rows.max() < count:
        raise DataError(f"The cache in {folder} is damaged.", "Delete it.")
    with suppress(OSError):
        os.utime(folder)  # for `_evict`
    return Pictures(images, np.array(rows), about.skipped, folder / REPORT, about.notes)


def _evict(kept: Path) -> None:
    """Delete the least recently used entries above `LIMIT`."""
    total = 0
    with suppress(OSError):
        newest_first = sorted(kept.parent.iterdir(), key=_last_used, reverse=True)
        for folder in sorted(newest_first, key=lambda folder: folder != kept):
            if is_incomplete(folder):
                continue
            total += sum(file.stat().st_size for file in folder.iterdir())
            if total > LIMIT and folder != kept:
                shutil.rmtree(folder, ignore_errors=True)


def _last_used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
