"""Bookmarked points, saved for their model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.bookmarks import ImportBookmarks, ReadBookmarks, SaveBookmarks

if TYPE_CHECKING:
    from latentlab.session.interpolation import Bookmark
    from latentlab.session.undo.snapshot import Snapshot
    from latentlab.workers.demand import Demand
    from latentlab.workers.intents.undo import Undo
    from latentlab.workers.store import Store


class BookmarkIntents:
    """Actions on bookmarks.

    Parameters
    ----------
    store, demand, undo : Store, Demand, Undo
        Those of the controller.
    """

    def __init__(self, store: Store, demand: Demand, undo: Undo) -> None:
        self._store, self._demand, self._undo = store, demand, undo
        demand.on(ReadBookmarks, self._on_read)
        demand.on(ImportBookmarks, self._on_imported)
        undo.followed_by(self._follow)

    def keep(self, marks: tuple[Bookmark, ...]) -> None:
        """Replace the bookmarks."""
        self._write(marks)
        self._undo.remember()

    def _write(self, marks: tuple[Bookmark, ...]) -> None:
        """Show bookmarks, write them, and read them again, so that they agree with the file."""
        self._demand.cancel(ReadBookmarks)
        self._store.put(ReadBookmarks, marks)
        if model := self._store.state.model:
            self._demand.ask(SaveBookmarks(model, marks))
            self._demand.ask(ReadBookmarks())

    def _on_read(self, _: ReadBookmarks, marks: tuple[Bookmark, ...]) -> None:
        """Store the bookmarks of a file; new images of the same bookmarks are no undo step."""
        old = self._store.state.answer(ReadBookmarks)
        if marks != (old or ()):
            self._undo.amend(lambda place: replace(place, bookmarks=marks))
        elif old is not None and _have_equal_pixels(marks, old):
            return
        self._store.put(ReadBookmarks, marks)

    def _on_imported(self, _: ImportBookmarks, marks: tuple[Bookmark, ...]) -> None:
        self._store.put(ReadBookmarks, marks)
        self._undo.remember()

    def _follow(self, place: Snapshot) -> None:
        if place.bookmarks != (self._store.state.answer(ReadBookmarks) or ()):
            self._write(place.bookmarks)


def _have_equal_pixels(marks: tuple[Bookmark, ...], others: tuple[Bookmark, ...]) -> bool:
    return all(np.array_equal(a.pixels, b.pixels) for a, b in zip(marks, others, strict=True))
