"""Previews: what lies under the cursor, until it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.session.model import Hover
from latentlab.session.points import Picture, Preview

if TYPE_CHECKING:
    from latentlab.session.points import Point, Tiles
    from latentlab.workers.demand import Demand
    from latentlab.workers.store import Store


class PreviewIntents:
    """What panels may show for as long as the cursor is there.

    Parameters
    ----------
    store, demand : Store, Demand
        The controller's.
    """

    def __init__(self, store: Store, demand: Demand) -> None:
        self._store, self._demand = store, demand
        self._hovering = False
        demand.on(Hover, self._on_hovered)

    def point(self, point: Point, row: int | None = None) -> None:
        """Decode the point under the cursor, and take the image of a row of the map beside it."""
        self._hovering = True
        self._demand.ask(Hover(point, row))

    def row(self, row: int) -> None:
        """Decode an image of the map at its own code under its own label; -1 for none."""
        model, codes = self._store.state.model, self._store.state.codes
        if model is None or codes is None or not 0 <= row < len(codes):
            self.clear()
        else:
            self.point(model.point_of(codes, row), row)

    def tile(self, tiles: Tiles | None, index: int) -> None:
        """Show a tile that was decoded before; none for an index that it has not."""
        if tiles is None or not 0 <= index < len(tiles.points):
            self.clear()
        else:
            self.picture(Picture(tiles.points[index], tiles.pictures[index]))

    def picture(self, picture: Picture) -> None:
        """Show a picture that is at hand."""
        self.show(Preview(picture))

    def show(self, preview: Preview | None) -> None:
        """Show a preview that is at hand, or none."""
        self._hovering = False
        self._store.set(preview=preview)

    def clear(self) -> None:
        """Show what is committed again."""
        self.show(None)

    def _on_hovered(self, _: Hover, preview: Preview) -> None:
        if self._hovering:
            self._store.set(preview=preview)
