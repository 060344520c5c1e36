"""Bookmarks in a JSON file: in the run's folder, or among the user's own for what ships."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import FailFast, Field, JsonValue, TypeAdapter

from latentlab.errors import RunError, reading
from latentlab.files import write_atomically
from latentlab.json_files import LARGE, Record, read_json

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.session.scene import ModelCard, Point
    from latentlab.session.ways import Bookmark

WHAT = "bookmarks"
FORMAT = 1
MOST_BOOKMARKS = 10_000
LONGEST_NOTE = 10_000
Coordinate = Annotated[float, Field(ge=-1e6, le=1e6)]
"""One number of z: what lies further away decodes to nothing."""


class _Mark(Record):
    z: Annotated[tuple[Coordinate, ...], FailFast()]
    label: JsonValue = None
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""


class _Book(Record):
    """A file of bookmarks."""

    format: Literal[1] = 1
    bookmarks: Annotated[tuple[_Mark, ...], Field(max_length=MOST_BOOKMARKS), FailFast()]


_BOOK = TypeAdapter(_Book)


def write_bookmarks(path: Path, card: ModelCard, marks: tuple[Bookmark, ...]) -> None:
    """Write bookmarks; a file there that cannot be read is kept under another name.

    Raises
    ------
    RunError
        Where the file cannot be written.
    """
    if path.exists():
        try:
            read_bookmarks(path, card)
        except RunError:
            with reading(path):
                path.replace(path.with_suffix(".damaged"))
    content = {
        "format": FORMAT,
        "model": card.name,
        "latent_dim": card.latent_dim,
        "bookmarks": [
            {"note": mark.note, "z": list(mark.point.z), "label": mark.point.label}
            for mark in marks
        ],
    }
    write_atomically(path, (json.dumps(content, indent=2) + "\n").encode())


def read_bookmarks(path: Path, card: ModelCard) -> list[tuple[Point, str]]:
    """Read points and their notes.

    Raises
    ------
    RunError
        Where the file cannot be read, or its points are not of this model.
    """
    advice = "Choose one that latentlab has written."
    book = read_json(path, _BOOK, RunError, advice, "is no file of bookmarks", LARGE)
    return [_point(mark, card) for mark in book.bookmarks]


def _point(mark: _Mark, card: ModelCard) -> tuple[Point, str]:
    if len(mark.z) != card.latent_dim:
        raise RunError(
            f"The bookmarks have {len(mark.z)} dimensions, and {card.name} has {card.latent_dim}.",
            "Open the model that they were made with.",
        )
    label = mark.label if isinstance(mark.label, int) else -1
    known = 0 <= label < card.spec.classes
    return card.point(mark.z, label if known else None), mark.note
