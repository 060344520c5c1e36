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
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.base import Loading
from latentlab.data.decode import animations, read_pages
from latentlab.data.parallel import in_parallel
from latentlab.data.reach import Reach
from latentlab.data.sources import Entry
from latentlab.errors import DataError
from latentlab.paths import cache

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from typing import IO

    from numpy.typing import NDArray

    from latentlab.data.decode import Decoded, Frame
    from latentlab.data.sources import Skipped, Source

VERSION = 2
LIMIT = 8 << 30
"""Bytes that all entries may take together; the one in use may be larger."""
ABANDONED = 3600.0
"""Seconds after which a half-written entry is what a killed program left behind."""
PAGES_AT_ONCE = 64
"""Pages of one file that a thread decodes in one go."""
IMAGES, ROWS, REPORT = "images.npy", "rows.npy", "skipped.txt"
ABOUT = "about.json"
"""What was found out while decoding: the files left out, and notes."""
WIDE = "wide.bin"
"""Pictures of more than 8 bits, which wait for the scale of all of them."""


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
) -> Generator[Loading, None, Pictures]:
    """Return pictures in the order of `entries`, decoded unless that was done before.

    Raises
    ------
    DataError
        Where not even two can be read, or there is no room for them.
    """
    folder = cache() / "pictures" / signature(entries, frame)
    if not (folder / ABOUT).exists():
        yield from _build(source, entries, frame, folder)
        _make_room(folder)
    try:
        return _read(folder)
    except (OSError, ValueError, LookupError, TypeError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise DataError(f"The cache in {folder} was damaged ({error}).", "Try again.") from error


def signature(entries: Iterable[Entry], frame: Frame) -> str:
    """Return a name for the decoded pictures, another one as soon as any file changes."""
    digest = hashlib.sha256(f"{VERSION} {frame}\n".encode())
    for entry in entries:
        line = f"{entry.name}\0{entry.size}\0{entry.stamp}\n"
        digest.update(line.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


Unit = tuple[Entry, ...]
"""Pages of one file, ascending, or a file that is one picture."""


def decoder(source: Source, frame: Frame) -> Callable[[Unit], list[Decoded | DataError]]:
    """Return what reads pictures of one file of a source as a frame wants them."""

    def decode(unit: Unit) -> list[Decoded | DataError]:
        with source.open(unit[0]) as file:
            return read_pages(file, frame, [entry.page or 0 for entry in unit])

    return decode


def _build(
    source: Source, entries: Sequence[Entry], frame: Frame, folder: Path
) -> Generator[Loading]:
    part = _make_part(folder, len(entries) * int(np.prod(frame.shape)))
    try:
        work = _Decoding(part, source, entries, frame)
        yield from work.run()
        np.save(part / ROWS, np.array(work.rows, np.int64))
        skipped = [*source.skipped, *work.skipped]
        lines = "".join(f"{name}: {why}\n" for name, why in skipped)
        (part / REPORT).write_text(lines, encoding="utf-8", errors="backslashreplace")
        about = {"skipped": skipped, "notes": work.notes}
        (part / ABOUT).write_text(json.dumps(about), encoding="utf-8")
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


class _Decoding:
    """Pictures on their way into the array of a new entry of the cache.

    Parameters
    ----------
    part : Path
        The entry in the making.
    source, entries, frame
        See `open_pictures`.
    """

    def __init__(self, part: Path, source: Source, entries: Sequence[Entry], frame: Frame) -> None:
        self.rows: list[int] = []
        self.skipped: list[tuple[str, str]] = []
        self.notes: list[str] = []
        self._part, self._source, self._entries, self._frame = part, source, entries, frame
        self._wide: list[tuple[int, Reach]] = []
        self._animated = 0

    def run(self) -> Generator[Loading]:
        """Write every picture that can be read to its place, then close the gaps of the others."""
        shape = (len(self._entries), *self._frame.shape)
        with (self._part / IMAGES).open("w+b") as file, (self._part / WIDE).open("w+b") as wide:
            start = _write_head(file, shape)
            file.truncate(start + int(np.prod(shape)))
            images = np.memmap(file, np.uint8, "r+", start, shape)
            yield from self._decode(images, wide)
            self.rows.sort()
            if len(self.rows) < 2:
                raise _too_few(self._source, self.rows, self.skipped)
            self._scale(images, wide)
            for place, row in enumerate(self.rows):
                if place != row:
                    images[place] = images[row]
            images.flush()
            del images  # no file that is mapped can be moved on Windows
            file.seek(0)
            if _write_head(file, (len(self.rows), *shape[1:])) != start:
                raise OSError("the head of the array changed its length")
            file.truncate(start + len(self.rows) * int(np.prod(shape[1:])))
        (self._part / WIDE).unlink()
        self.notes += animations(self._animated)

    def _decode(self, images: NDArray[np.uint8], wide: IO[bytes]) -> Generator[Loading]:
        done, count = 0, len(self._entries)
        places = {id(entry): place for place, entry in enumerate(self._entries)}
        work = in_parallel(decoder(self._source, self._frame), units_of(self._entries))
        with closing(work):
            for finished in work:
                for unit, outcome in finished:
                    for i, entry in enumerate(unit):
                        page = outcome if isinstance(outcome, DataError) else outcome[i]
                        self._put(places[id(entry)], page, images, wide)
                    done += len(unit)
                failed = f", {len(self.skipped):,} unreadable" if self.skipped else ""
                message = f"Reading pictures: {done:,} of {count:,}{failed}"
                yield Loading(message, done / count)

    def _put(
        self, place: int, page: Decoded | DataError, images: NDArray[np.uint8], wide: IO[bytes]
    ) -> None:
        if isinstance(page, DataError):
            self.skipped.append((self._entries[place].name, page.message))
            return
        self.rows.append(place)
        self._animated += page.animated
        if page.reach:
            self._wide.append((place, page.reach))
            wide.write(page.pixels.astype(np.float32).data)
        else:
            images[place] = page.pixels

    def _scale(self, images: NDArray[np.uint8], wide: IO[bytes]) -> None:
        """Bring all pictures of more than 8 bits to bytes on one scale."""
        reach = Reach.of_all(reach for _, reach in self._wide)
        if reach is None:
            return
        wide.flush()
        values = np.memmap(wide, np.float32, "r", shape=(len(self._wide), *images.shape[1:]))
        for (place, _), pixels in zip(self._wide, values, strict=True):
            images[place] = reach.to_bytes(pixels)
        if reach.note:
            self.notes.append(reach.note)


def units_of(entries: Sequence[Entry]) -> Iterator[Unit]:
    """Put pages of one file together, so that it is opened once for many of them."""
    stacks: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.page is not None:
            stacks.setdefault(entry.file, []).append(entry)
    for entry in entries:
        if entry.page is None:
            yield (entry,)
        elif stack := stacks.pop(entry.file, None):
            ordered = sorted(stack, key=lambda page: page.page or 0)
            yield from batched(ordered, PAGES_AT_ONCE)


def _write_head(file: IO[bytes], shape: tuple[int, ...]) -> int:
    head = {"descr": "|u1", "fortran_order": False, "shape": shape}
    # NumPy leaves room in it for the first axis to become any number.
    np.lib.format.write_array_header_1_0(file, head)
    return file.tell()


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
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    if len(images) != len(rows):
        raise ValueError(f"{len(images)} pictures but {len(rows)} names")
    with suppress(OSError):
        os.utime(folder)  # for `_make_room`
    skipped = tuple((str(name), str(why)) for name, why in about["skipped"])
    return Pictures(images, rows, skipped, folder / REPORT, tuple(map(str, about["notes"])))


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
