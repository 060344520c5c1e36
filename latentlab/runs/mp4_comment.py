"""Reader of the comment in the metadata of an MP4 film; the film itself is not decoded."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from latentlab.errors import reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAY = ((b"moov", 0), (b"udta", 0), (b"meta", 4), (b"ilst", 0), (b"\xa9cmt", 0), (b"data", 8))
"""Boxes from the outermost to the comment, with the bytes between their header and content.

QuickTime File Format Specification, Apple, 2016, sections "Atoms" and "Metadata".
"""
HEADER, LARGE_HEADER = 8, 16
MAX_BOXES = 10_000
"""Maximum number of boxes that are passed at each level."""
MAX_COMMENT = 1 << 24


def read_mp4_comment(path: Path) -> bytes:
    """Return the comment of an MP4 file; empty if it has none, or is another kind of file.

    Raises
    ------
    LatentlabError
        If the file cannot be read.
    """
    with reading(path), path.open("rb") as file:
        start, end = 0, path.stat().st_size
        for name, skipped in WAY:
            found = next((span for kind, *span in _boxes(file, start, end) if kind == name), None)
            if found is None:
                return b""
            start, end = found[0] + skipped, found[1]
        if not 0 < end - start <= MAX_COMMENT:
            return b""
        file.seek(start)
        return file.read(end - start)


def _boxes(file: IO[bytes], start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name of each box in a range of a file, and the start and end of its content."""
    for _ in range(MAX_BOXES):
        file.seek(start)
        head = file.read(LARGE_HEADER)
        size, name, header = int.from_bytes(head[:4]), head[4:8], HEADER
        if size == 1:
            size, header = int.from_bytes(head[8:]), LARGE_HEADER
        elif size == 0:
            size = end - start
        if size < header or start + size > end:
            return
        yield name, start + header, start + size
        start += size
