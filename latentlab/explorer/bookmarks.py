"""Bookmarks in a JSON file in the run folder or the user's folder; answers about them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import FailFast, Field, JsonValue, TypeAdapter

from latentlab.atomic_write import set_aside, write_atomically
from latentlab.errors import RunError
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.files.user_files import path_for
from latentlab.json_files import LARGE, Record, read_json
from latentlab.session.bookmarks import (
    ExportBookmarks,
    ImportBookmarks,
    ReadBookmarks,
    SaveBookmarks,
)
from latentlab.session.export import BOOKMARKS, TABLES, check_suffix, format_of
from latentlab.session.files.tables import write_table
from latentlab.session.interpolation import Bookmark
from latentlab.session.points import Point
from latentlab.session.request import Exported

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.data.condition import Label
    from latentlab.session.points import ModelCard

FILE_STEM = "bookmarks"
FORMAT = 1
MAX_BOOKMARKS = 10_000
MAX_NOTE_LENGTH = 10_000
Coordinate = Annotated[float, Field(ge=-1e6, le=1e6)]
"""One coordinate of z; larger values decode to nothing meaningful."""


class _Mark(Record):
    z: Annotated[tuple[Coordinate, ...], FailFast()]
    label: JsonValue = None
    note: Annotated[str, Field(max_length=MAX_NOTE_LENGTH)] = ""


class _Book(Record):
    """Content of a bookmarks file."""

    format: Literal[1] = 1
    bookmarks: Annotated[tuple[_Mark, ...], Field(max_length=MAX_BOOKMARKS), FailFast()]


_BOOK = TypeAdapter(_Book)


def write_bookmarks(path: Path, card: ModelCard, marks: tuple[Bookmark, ...]) -> None:
    """Write bookmarks; an unreadable file at `path` is first renamed to ``.damaged``.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    if path.exists():
        try:
            read_bookmarks(path, card)
        except RunError:
            set_aside(path)
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
    """Read bookmarked points and their notes.

    Raises
    ------
    RunError
        If the file cannot be read, or its points have another number of dimensions.
    """
    advice = "Choose one that latentlab has written."
    book = read_json(path, _BOOK, RunError, advice, "is not a file of bookmarks", LARGE)
    return [_point(mark, card) for mark in book.bookmarks]


def _point(mark: _Mark, card: ModelCard) -> tuple[Point, str]:
    if len(mark.z) != card.latent_dim:
        raise RunError(
            f"The bookmarks have {len(mark.z)} dimensions, and {card.name} has {card.latent_dim}.",
            "Open the model that they were made with.",
        )
    return card.point(mark.z, _label(mark.label)), mark.note


def _label(stored: JsonValue) -> Label | None:
    """Return a stored label; None for one of another type, which the default then replaces."""
    if isinstance(stored, list):
        numbers = [each for each in stored if isinstance(each, int | float)]
        return tuple(map(float, numbers)) if len(numbers) == len(stored) else None
    return stored if isinstance(stored, int) else None


def save_marks(path: Path, card: ModelCard, marks: tuple[Bookmark, ...]) -> None:
    """Write note, label and z of bookmarks as a table.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    head = ["note", "label", *(f"z{d + 1}" for d in range(card.latent_dim))]
    rows = ([mark.note, card.spec.label_text(mark.point.label), *mark.point.z] for mark in marks)
    write_table(path, head, rows)


@answer.register
def _(request: ReadBookmarks, explorer: Explorer) -> tuple[Bookmark, ...]:
    if explorer.card is None:
        return ()
    return _decoded(_read_known(explorer.card, explorer), explorer)


@answer.register
def _(request: SaveBookmarks, explorer: Explorer) -> tuple[Bookmark, ...]:
    return _save(request.card, request.marks, explorer)


@answer.register
def _(request: ImportBookmarks, explorer: Explorer) -> tuple[Bookmark, ...]:
    existing = {mark.point for mark in request.marks}
    found = read_bookmarks(request.path, request.card)
    new = [(point, note) for point, note in found if point not in existing]
    return _save(request.card, request.marks + _decoded(new, explorer), explorer)


@answer.register
def _(request: ExportBookmarks, explorer: Explorer) -> Exported:
    if format_of(request.path) in TABLES:
        save_marks(request.path, request.card, request.marks)
    else:
        check_suffix(request.path, BOOKMARKS)
        write_bookmarks(request.path, request.card, request.marks)
    return Exported(request.path)


def _save(card: ModelCard, marks: tuple[Bookmark, ...], explorer: Explorer) -> tuple[Bookmark, ...]:
    """Write bookmarks with those that another window has added since; return all."""
    known = explorer.known_bookmarks.get(path_for(card, FILE_STEM), frozenset())
    own = {mark.point for mark in marks}
    try:
        now = _read_known(card, explorer)
    except RunError:
        now = []  # it is set aside below
    others = [each for each in now if each not in known and each[0] not in own]
    marks += _decoded(others, explorer)
    write_bookmarks(path_for(card, FILE_STEM), card, marks)
    _read_known(card, explorer)
    return marks


def _read_known(card: ModelCard, explorer: Explorer) -> list[tuple[Point, str]]:
    """Read the bookmarks of a model, and remember that they are known; none without a file."""
    path = path_for(card, FILE_STEM)
    found = read_bookmarks(path, card) if path.exists() else []
    explorer.known_bookmarks[path] = frozenset(found)
    return found


def _decoded(found: list[tuple[Point, str]], explorer: Explorer) -> tuple[Bookmark, ...]:
    if not found:
        return ()
    pictures = explorer.tiles(tuple(point for point, _ in found), 1).pictures
    pairs = zip(found, pictures, strict=True)
    return tuple(Bookmark(point, note, pixels) for (point, note), pixels in pairs)
