"""Multi-page TIFF files, such as the stacks of microscopes and scanners."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from latentlab.data.files.image_file import opened
from latentlab.data.files.thread_map import in_parallel
from latentlab.errors import DataError
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.data.files.archive import Entry, Source

STACKS = {".tif", ".tiff"}
SUBFILE, REDUCED_OR_MASK = 254, 0b101
"""TIFF tag NewSubfileType, and its bits for a reduced copy or a mask of another page."""
MAX_PAGES = 100_000


def find_pages(source: Source) -> Generator[Progress, None, None]:
    """Replace each multi-page file in a source's entries by its pages, and add a note."""
    stacks = [entry for entry in source.entries if _may_be_a_stack(entry)]
    if not stacks:
        return
    pages: dict[Entry, list[int]] = {}

    def look(entry: Entry) -> list[int]:
        with source.open(entry) as file, opened(file) as picture:
            return _pages_of(picture)

    with closing(in_parallel(look, stacks)) as work:
        done = 0
        for finished in work:
            for entry, found in finished:
                if not isinstance(found, DataError) and len(found) > 1:
                    pages[entry] = found
            done += len(finished)
            yield Progress(f"Counting pages: {done:,} of {len(stacks):,} files", None)
    if pages:
        source.entries = tuple(
            part
            for entry in source.entries
            for part in (map(entry.paged, pages[entry]) if entry in pages else (entry,))
        )
        count = sum(map(len, pages.values()))
        files = "1 file is a stack" if len(pages) == 1 else f"{len(pages):,} files are stacks"
        source.notes = (*source.notes, f"{files} of {count:,} pages: each page is an image.")


def _may_be_a_stack(entry: Entry) -> bool:
    return os.path.splitext(entry.name)[1].lower() in STACKS


def _pages_of(picture: object) -> list[int]:
    """Return the pages that are neither reduced copies nor masks."""
    count = min(getattr(picture, "n_frames", 1), MAX_PAGES)
    if count == 1:
        return [0]
    found = []
    for page in range(count):
        picture.seek(page)  # type: ignore[attr-defined]
        kind = picture.tag_v2.get(SUBFILE, 0)  # type: ignore[attr-defined]
        if page == 0 or not int(kind) & REDUCED_OR_MASK:
            found.append(page)
    return found
