"""Answers about bookmarks."""

from __future__ import annotations

from latentlab.session.answers.base import answer
from latentlab.session.bookmarks import WHAT, read_bookmarks, write_bookmarks
from latentlab.session.explorer import Explorer
from latentlab.session.keeping import place_of
from latentlab.session.requests.bookmarks import (
    ExportBookmarks,
    ImportBookmarks,
    KeepBookmarks,
    ReadBookmarks,
)
from latentlab.session.requests.files import Exported
from latentlab.session.scene import Point
from latentlab.session.ways import Bookmark


@answer.register
def _(request: ReadBookmarks, explorer: Explorer) -> tuple[Bookmark, ...]:
    if explorer.card is None:
        return ()
    path = place_of(explorer.card, WHAT)
    return _decoded(read_bookmarks(path, explorer.card), explorer) if path.exists() else ()


@answer.register
def _(request: KeepBookmarks, explorer: Explorer) -> tuple[Bookmark, ...]:
    write_bookmarks(place_of(request.card, WHAT), request.card, request.marks)
    return request.marks


@answer.register
def _(request: ImportBookmarks, explorer: Explorer) -> tuple[Bookmark, ...]:
    known = {mark.point for mark in request.marks}
    found = read_bookmarks(request.path, request.card)
    new = [(point, note) for point, note in found if point not in known]
    marks = request.marks + _decoded(new, explorer)
    write_bookmarks(place_of(request.card, WHAT), request.card, marks)
    return marks


@answer.register
def _(request: ExportBookmarks, explorer: Explorer) -> Exported:
    write_bookmarks(request.path, request.card, request.marks)
    return Exported(request.path)


def _decoded(found: list[tuple[Point, str]], explorer: Explorer) -> tuple[Bookmark, ...]:
    if not found:
        return ()
    pictures = explorer.tiles(tuple(point for point, _ in found), 1).pictures
    pairs = zip(found, pictures, strict=True)
    return tuple(Bookmark(point, note, pixels) for (point, note), pixels in pairs)
