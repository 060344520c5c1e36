"""Points to come back to, kept with their model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.bookmarks import ImportBookmarks, KeepBookmarks, ReadBookmarks

if TYPE_CHECKING:
    from latentlab.session.interpolation import Bookmark
    from latentlab.workers.demand import Demand
    from latentlab.workers.intents.undo import Place, Undo
    from latentlab.workers.store import Store


class BookmarkIntents:
    """What panels may do with bookmarks.

    Parameters
    ----------
    store, demand, undo : Store, Demand, Undo
        The controller's.
    """

    def __init__(self, store: Store, demand: Demand, undo: Undo) -> None:
        self._store, self._demand, self._undo = store, demand, undo
        demand.on(ReadBookmarks, self._on_read)
        demand.on(ImportBookmarks, self._on_imported)
        undo.followed_by(self._follow)

    def keep(self, marks: tuple[Bookmark, ...]) -> None:
        """Keep these points in place of those that were kept."""
        self._write(marks)
        self._undo.remember()

    def _write(self, marks: tuple[Bookmark, ...]) -> None:
        """Show bookmarks, write them, and read them again: so they are what the file holds."""
        self._demand.cancel(ReadBookmarks)
        self._store.put(ReadBookmarks, marks)
        if model := self._store.state.model:
            self._demand.ask(KeepBookmarks(model, marks))
            self._demand.ask(ReadBookmarks())

    def _on_read(self, _: ReadBookmarks, marks: tuple[Bookmark, ...]) -> None:
        """Take bookmarks from their file; other pictures of the same ones are nothing to undo."""
        old = self._store.state.answer(ReadBookmarks)
        if marks != (old or ()):
            self._undo.amend(lambda place: replace(place, bookmarks=marks))
        elif old is not None and _look_alike(marks, old):
            return
        self._store.put(ReadBookmarks, marks)

    def _on_imported(self, _: ImportBookmarks, marks: tuple[Bookmark, ...]) -> None:
        self._store.put(ReadBookmarks, marks)
        self._undo.remember()

    def _follow(self, place: Place) -> None:
        if place.bookmarks != (self._store.state.answer(ReadBookmarks) or ()):
            self._write(place.bookmarks)


def _look_alike(marks: tuple[Bookmark, ...], others: tuple[Bookmark, ...]) -> bool:
    return all(np.array_equal(a.pixels, b.pixels) for a, b in zip(marks, others, strict=True))
