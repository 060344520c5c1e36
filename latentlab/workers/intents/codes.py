"""Actions on files of codes: open them, or use them with the open model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from latentlab.session.abilities import DECODER, why_not
from latentlab.session.bookmarks import ReadBookmarks
from latentlab.session.codes import (
    CodesForModel,
    CodeUse,
    Embeddings,
    ListEmbeddings,
    ReadCodes,
    may_hold_several,
)

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.workers.demand import Demand
    from latentlab.workers.intents.bookmarks import BookmarkIntents
    from latentlab.workers.intents.point import PathIntents
    from latentlab.workers.intents.runs import RunIntents
    from latentlab.workers.intents.selection import SelectionIntents
    from latentlab.workers.store import Store


class CodeIntents:
    """Actions on files of codes.

    Parameters
    ----------
    store, demand : Store, Demand
        Those of the controller.
    runs : RunIntents
        Opens codes without a model.
    selection, path, bookmarks : SelectionIntents, PathIntents, BookmarkIntents
        Take codes of the open model.
    """

    def __init__(
        self,
        store: Store,
        demand: Demand,
        runs: RunIntents,
        selection: SelectionIntents,
        path: PathIntents,
        bookmarks: BookmarkIntents,
    ) -> None:
        self._store, self._demand, self._runs = store, demand, runs
        self._selection, self._path, self._bookmarks = selection, path, bookmarks
        demand.on(ReadCodes, self._on_read)
        demand.on(ListEmbeddings, self._on_listed)

    def open(self, path: Path, obsm: str = "") -> None:
        """Open codes; if they may be points of the open model, find out first.

        Without `obsm`, the window asks which embedding of a file with several is meant.
        """
        model = self._store.state.model
        self._store.put(ListEmbeddings, None)
        if may_hold_several(path) and not obsm:
            self._demand.ask(ListEmbeddings(path))
        elif model is None or why_not(DECODER, model):
            self._runs.open(path, obsm=obsm)
        else:
            self._demand.ask(ReadCodes(path, obsm))

    def _on_listed(self, _: ListEmbeddings, found: Embeddings) -> None:
        if len(found.names) > 1:
            self._store.put(ListEmbeddings, found)
        else:
            self.open(found.path, next(iter(found.names)))

    def use(self, found: CodesForModel, use: CodeUse) -> None:
        """Use codes of the open model."""
        self._store.put(ReadCodes, None)
        if use is CodeUse.OPEN:
            self._runs.open(found.path, obsm=found.obsm)
        elif use is CodeUse.SELECTION and found.rows is not None:
            self._selection.select(found.rows)
        elif use is CodeUse.PATH:
            ends = found.path_through()
            old = self._store.state.ends
            self._path.set(replace(ends, steps=max(old.steps if old else 0, found.count)))
        elif use is CodeUse.BOOKMARKS:
            marks = self._store.state.answer(ReadBookmarks) or ()
            self._bookmarks.keep((*marks, *found.bookmarks()))

    def forget(self) -> None:
        """Use no codes."""
        self._store.put(ReadCodes, None)

    def _on_read(self, _: ReadCodes, found: CodesForModel) -> None:
        if found.count:
            self._store.put(ReadCodes, found)
        else:
            self._runs.open(found.path, obsm=found.obsm)
