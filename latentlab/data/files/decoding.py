"""Multithreaded decoding of image files into one array on disk."""

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
    from latentlab.data.files.image_file import Decoded, ImageFormat

PAGES_AT_ONCE = 64
"""Maximum number of pages of one file per task of a thread."""
Unit = tuple[Entry, ...]
"""Pages of one file, ascending, or a single-image file."""


def decoder(source: Source, frame: ImageFormat) -> Callable[[Unit], list[Decoded | DataError]]:
    """Return a function that decodes a unit of a source to the format `frame`."""

    def decode(unit: Unit) -> list[Decoded | DataError]:
        with source.open(unit[0]) as file:
            return read_pages(file, frame, [entry.page or 0 for entry in unit])

    return decode


class Decoding:
    """Decoding of the images of a source into an array on disk.

    Parameters
    ----------
    source : Source
        Folder or archive of the images.
    entries : sequence of Entry
        Images to decode, in the order of the array.
    frame : ImageFormat
        Format of the images in the array.

    Attributes
    ----------
    rows : list of int
        Indices of the entries that could be read, ascending.
    skipped : list of (str, str)
        Names of the other entries, and the reasons.
    notes : list of str
        Notes on how the images were read.
    """

    def __init__(self, source: Source, entries: Sequence[Entry], frame: ImageFormat) -> None:
        self.rows: list[int] = []
        self.skipped: list[tuple[str, str]] = []
        self.notes: list[str] = []
        self._source, self._entries, self._frame = source, entries, frame
        self._wide: list[tuple[int, Reach]] = []
        self._animated = 0

    def run(self, array: Path, waiting: Path) -> Generator[Progress]:
        """Decode all images, then remove the gaps of unreadable ones.

        Parameters
        ----------
        array : Path
            The .npy to write.
        waiting : Path
            Temporary file for images of more than 8 bits, which are scaled together at the end.

        Raises
        ------
        DataError
            If fewer than two images can be read.
        OSError
            If the disk is full.
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
            del images  # Windows cannot rename a mapped file
            file.seek(0)
            if _write_head(file, (len(self.rows), *shape[1:])) != start:
                raise OSError("the header of the array changed its length")
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
                message = f"Reading images: {done:,} of {count:,}{failed}"
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
        """Convert all images of more than 8 bits to bytes on one scale."""
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
    """Group the pages of each file, so that a file is opened once for many pages."""
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
    # NumPy pads the header, so that its length does not depend on the size of the first axis.
    np.lib.format.write_array_header_1_0(file, head)
    return file.tell()


def _too_few(source: Source, rows: list[int], skipped: list[tuple[str, str]]) -> DataError:
    if not skipped:
        return DataError(
            f"data.root: {source.root} holds 1 image.",
            "At least two are needed: one for training and one for validation.",
        )
    name, why = skipped[0]
    count = "None" if not rows else "Only 1"
    return DataError(
        f"data.root: {count} of the {len(rows) + len(skipped):,} images in {source.root} can "
        f"be read; {name}, for one: {why}.",
        "Open one in an image viewer to check whether the files are damaged.",
    )
