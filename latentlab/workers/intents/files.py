"""Export of files, and the status message after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latentlab.session.export import Export
from latentlab.session.points import Tiles
from latentlab.session.report import SaveReport
from latentlab.session.request import SaveFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latentlab.session.points import Picture
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
        """Write images to a file with metadata about model and recipe."""
        model = self._store.state.model
        meta = {"model": model.name, "epoch": model.epoch, "recipe": model.recipe} if model else {}
        self.save(Export(tiles, path, {**meta, **info}, gap, back, steps))

    def export_picture(self, picture: Picture, path: Path) -> None:
        """Write one image to a file."""
        tiles = Tiles((picture.point,), picture.pixels[None], 1)
        self.export(tiles, path, {"z": picture.point.z, "label": picture.point.label})

    def save_report(self, path: Path) -> None:
        """Write the report of the open model; opening another one cancels it."""
        self._store.dismiss_failure()
        self._demand.ask(SaveReport(path))

    def _on_saved(self, _: SaveFile | SaveReport, exported: Exported) -> None:
        self._store.say(f"Saved {exported.path}")
