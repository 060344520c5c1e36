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
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.base import Loading
from latentlab.data.decode import read_frame
from latentlab.data.parallel import in_parallel
from latentlab.errors import DataError
from latentlab.paths import cache

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from numpy.typing import NDArray

    from latentlab.data.decode import Frame
    from latentlab.data.sources import Entry, Skipped, Source

VERSION = 1
LIMIT = 8 << 30
"""Bytes that all entries may take together; the one in use may be larger."""
ABANDONED = 3600.0
"""Seconds after which a half-written entry is what a killed program left behind."""
IMAGES, ROWS, SKIPPED, REPORT = "images.npy", "rows.npy", "skipped.json", "skipped.txt"


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
    """

    images: NDArray[np.uint8]
    rows: NDArray[np.int64]
    skipped: Skipped
    report: Path

    @property
    def note(self) -> str:
        """Say what was left out, in one sentence; empty where nothing was."""
        if not self.skipped:
            return ""
        return (
            f"{len(self.skipped):,} of {len(self.images) + len(self.skipped):,} pictures could "
            f"not be read and were left out; {self.report} lists them."
        )


def open_pictures(
    source: Source, entries: Sequence[Entry], frame: Frame
) -> Generator[Loading, None, Pictures]:
    """Return pictures in the order of `entries`, decoded unless that was done before.

    Raises
    ------
    DataError
        Where not even two can be read, or there is no room for them.
    """
    folder = cache() / "pictures" / signature(entries, frame)
    if not (folder / SKIPPED).exists():
        yield from _build(source, entries, frame, folder)
        _make_room(folder)
    try:
        return _read(folder)
    except (OSError, ValueError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise DataError(f"The cache in {folder} was damaged ({error}).", "Try again.") from error


def signature(entries: Iterable[Entry], frame: Frame) -> str:
    """Return a name for the decoded pictures, another one as soon as any file changes."""
    digest = hashlib.sha256(f"{VERSION} {frame}\n".encode())
    for entry in entries:
        line = f"{entry.name}\0{entry.size}\0{entry.stamp}\n"
        digest.update(line.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


def decoder(source: Source, frame: Frame) -> Callable[[Entry], NDArray[np.uint8]]:
    """Return what reads an entry of a source as a frame wants it."""

    def decode(entry: Entry) -> NDArray[np.uint8]:
        with source.open(entry) as file:
            return read_frame(file, frame)

    return decode


def _build(
    source: Source, entries: Sequence[Entry], frame: Frame, folder: Path
) -> Generator[Loading]:
    part = _make_part(folder, len(entries) * int(np.prod(frame.shape)))
    try:
        rows, skipped = yield from _decode_into(part / IMAGES, source, entries, frame)
        skipped = [*source.skipped, *skipped]
        np.save(part / ROWS, np.array(rows, np.int64))
        lines = "".join(f"{name}: {why}\n" for name, why in skipped)
        (part / REPORT).write_text(lines, encoding="utf-8", errors="backslashreplace")
        (part / SKIPPED).write_text(json.dumps(skipped), encoding="utf-8")
        # Another process may have been as busy with the same.
        with suppress(FileExistsError, PermissionError):
            part.rename(folder)
    except OSError as error:
        if (folder / SKIPPED).exists():
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


def _decode_into(
    path: Path, source: Source, entries: Sequence[Entry], frame: Frame
) -> Generator[Loading, None, tuple[list[int], list[tuple[str, str]]]]:
    """Write those that can be read one after another; return which they are, and the others."""
    rows: list[int] = []
    skipped: list[tuple[str, str]] = []
    done = 0
    with path.open("wb") as file, closing(in_parallel(decoder(source, frame), entries)) as work:
        start = _write_head(file, len(entries), frame)
        for finished in work:
            for entry, pixels in finished:
                if isinstance(pixels, DataError):
                    skipped.append((entry.name, pixels.message))
                else:
                    file.write(pixels.data)
                    rows.append(done)
                done += 1
            failed = f", {len(skipped):,} unreadable" if skipped else ""
            message = f"Reading pictures: {done:,} of {len(entries):,}{failed}"
            yield Loading(message, done / len(entries))
        if len(rows) < 2:
            raise _too_few(source, rows, skipped)
        file.seek(0)
        if _write_head(file, len(rows), frame) != start:
            raise OSError("the head of the array changed its length")
    return rows, skipped


def _write_head(file: object, count: int, frame: Frame) -> int:
    head = {"descr": "|u1", "fortran_order": False, "shape": (count, *frame.shape)}
    # NumPy leaves room in it for the first axis to become any number.
    np.lib.format.write_array_header_1_0(file, head)  # type: ignore[arg-type]
    return file.tell()  # type: ignore[attr-defined]


def _too_few(source: Source, rows: list[int], skipped: list[tuple[str, str]]) -> DataError:
    if not skipped:
        return DataError(
            f"data.root: {source.root} holds 1 picture.",
            "At least two are needed: one to learn from and one to judge by.",
        )
    name, why = skipped[0]
    count = "None" if not rows else "Only 1"
    return DataError(
        f"data.root: {count} of the {len(rows) + len(skipped):,} pictures in {source.root} can "
        f"be read; {name}, for one: {why}.",
        "Open one in an image viewer to see whether the files are whole.",
    )


def _read(folder: Path) -> Pictures:
    images = np.lib.format.open_memmap(folder / IMAGES, mode="r")
    rows = np.load(folder / ROWS, allow_pickle=False)
    skipped = json.loads((folder / SKIPPED).read_text(encoding="utf-8"))
    if len(images) != len(rows):
        raise ValueError(f"{len(images)} pictures but {len(rows)} names")
    with suppress(OSError):
        os.utime(folder)  # for `_make_room`
    return Pictures(images, rows, tuple((name, why) for name, why in skipped), folder / REPORT)


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
