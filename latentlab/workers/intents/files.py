"""Export of files, and the status message after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latentlab.session.export import Export
from latentlab.session.files.provenance import recipe_of
from latentlab.session.files.report import SaveReport
from latentlab.session.request import SaveFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latentlab.session.points import Tiles
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
        demand.on(SaveFile, self._on_saved)
        demand.on(SaveReport, self._on_saved)

    def save(self, request: SaveFile) -> None:
        """Write a file and remove an earlier error message."""
        self._store.dismiss_failure()
        self._demand.ask(request)

    def export(
        self,
        tiles: Tiles,
        path: Path,
        info: Mapping[str, Any],
        gap: int = 0,
        *,
        back: bool = True,
        steps: bool = False,
    ) -> None:
        """Write images to a file with their recipe."""
        recipe = recipe_of(self._store.state, info)
        self.save(Export(tiles, path, recipe, gap, back, steps))

    def save_report(self, path: Path) -> None:
        """Write the report of the open model; opening another one cancels it."""
        self._store.dismiss_failure()
        self._demand.ask(SaveReport(path))

    def _on_saved(self, _: SaveFile | SaveReport, exported: Exported) -> None:
        self._store.say(f"Saved {exported.path}. {exported.note}".removesuffix(". "))
