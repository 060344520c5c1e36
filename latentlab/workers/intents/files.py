"""Export of files, and the status message after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.session.files.figure import DrawFigure
from latentlab.session.files.report import SaveReport
from latentlab.session.request import SaveFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from latentlab.session.files.figure import DrawnFigure
    from latentlab.session.request import Exported
    from latentlab.workers.demand import Demand
    from latentlab.workers.store import Store


class FileIntents:
    """Export actions.

    Parameters
    ----------
    store, demand : Store, Demand
        Those of the controller.
    """

    def __init__(self, store: Store, demand: Demand) -> None:
        self._store, self._demand = store, demand
        self._drawing: tuple[DrawFigure, Callable[[DrawnFigure], None]] | None = None
        """The plot to be drawn, and what follows."""
        demand.on(SaveFile, self._on_saved)
        demand.on(SaveReport, self._on_saved)
        demand.on(DrawFigure, self._on_drawn, failed=self._on_undrawn)

    def save(self, request: SaveFile) -> None:
        """Write a file and remove an earlier error message."""
        self._store.dismiss_failure()
        self._demand.ask(request)

    def draw(self, request: DrawFigure, then: Callable[[DrawnFigure], None]) -> None:
        """Draw a plot and pass it on; a later request replaces one that is not drawn yet."""
        self._store.dismiss_failure()
        self._drawing = (request, then)
        self._demand.withdraw(DrawFigure)
        self._demand.ask(request)

    def _on_drawn(self, request: DrawFigure, drawn: DrawnFigure) -> None:
        if self._drawing and self._drawing[0] is request:
            _, then = self._drawing
            self._drawing = None
            then(drawn)

    def _on_undrawn(self, request: DrawFigure) -> None:
        if self._drawing and self._drawing[0] is request:
            self._drawing = None

    def save_report(self, path: Path) -> None:
        """Write the report of the open model; opening another one cancels it."""
        self._store.dismiss_failure()
        self._demand.ask(SaveReport(path))

    def _on_saved(self, _: SaveFile | SaveReport, exported: Exported) -> None:
        self._store.say(f"Saved {exported.path}. {exported.note}".removesuffix(". "))
