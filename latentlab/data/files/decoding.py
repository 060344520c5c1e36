"""Decoding the pictures of a set into one array on disk, on all cores and in any order."""

from __future__ import annotations

from contextlib import closing
from itertools import batched
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.files.archive import Entry
from latentlab.data.files.image_file import animations, read_pages
from latentlab.data.files.pixel_range import Reach
from latentlab.data.files.thread_map import in_parallel
from latentlab.errors import DataError
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path
    from typing import IO

    from numpy.typing import NDArray

    from latentlab.data.files.archive import Source
    from latentlab.data.files.image_file import Decoded, Frame

PAGES_AT_ONCE = 64
"""Pages of one file that a thread decodes in one go."""
Unit = tuple[Entry, ...]
"""Pages of one file, ascending, or a file that is one picture."""


def decoder(source: Source, frame: Frame) -> Callable[[Unit], list[Decoded | DataError]]:
    """Return what reads pictures of one file of a source as a frame wants them."""

    def decode(unit: Unit) -> list[Decoded | DataError]:
        with source.open(unit[0]) as file:
            return read_pages(file, frame, [entry.page or 0 for entry in unit])

    return decode


class Decoding:
    """Pictures on their way into an array on disk.

    Parameters
    ----------
    source : Source
        Where they lie.
    entries : sequence of Entry
        Which, and in what order.
    frame : Frame
        What each is brought to.

    Attributes
    ----------
    rows : list of int
        Which of the entries could be read, ascending.
    skipped : list of (str, str)
        The names of the others, and why they could not.
    notes : list of str
        What else one should know of how they were read.
    """

    def __init__(self, source: Source, entries: Sequence[Entry], frame: Frame) -> None:
        self.rows: list[int] = []
        self.skipped: list[tuple[str, str]] = []
        self.notes: list[str] = []
        self._source, self._entries, self._frame = source, entries, frame
        self._wide: list[tuple[int, Reach]] = []
        self._animated = 0

    def run(self, array: Path, waiting: Path) -> Generator[Progress]:
        """Write every picture that can be read to its place, then close the gaps of the others.

        Parameters
        ----------
        array : Path
            The .npy to write.
        waiting : Path
            A file for pictures of more than 8 bits, which wait for the scale of all of them; gone
            when all is done.

        Raises
        ------
        DataError
            Where not even two can be read.
        OSError
            Where there is no room for them.
        """
        shape = (len(self._entries), *self._frame.shape)
        with array.open("w+b") as file, waiting.open("w+b") as wide:
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
        waiting.unlink()
        self.notes += animations(self._animated)

    def _decode(self, images: NDArray[np.uint8], wide: IO[bytes]) -> Generator[Progress]:
        done, count = 0, len(self._entries)
        places = {id(entry): place for place, entry in enumerate(self._entries)}
        work = in_parallel(decoder(self._source, self._frame), _units_of(self._entries))
        with closing(work):
            for finished in work:
                for unit, outcome in finished:
                    for i, entry in enumerate(unit):
                        page = outcome if isinstance(outcome, DataError) else outcome[i]
                        self._put(places[id(entry)], page, images, wide)
                    done += len(unit)
                failed = f", {len(self.skipped):,} unreadable" if self.skipped else ""
                message = f"Reading pictures: {done:,} of {count:,}{failed}"
                yield Progress(message, done / count)

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


def _units_of(entries: Sequence[Entry]) -> Iterator[Unit]:
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
