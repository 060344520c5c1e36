"""Previews of points and images under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.session.abilities import DECODER, why_not
from latentlab.session.model import Hover
from latentlab.session.points import Picture, Preview

if TYPE_CHECKING:
    from latentlab.session.points import Point, Tiles
    from latentlab.workers.demand import Demand
    from latentlab.workers.store import Store


class PreviewIntents:
    """Actions on the preview.

    Parameters
    ----------
    store, demand : Store, Demand
        Those of the controller.
    """

    def __init__(self, store: Store, demand: Demand) -> None:
        self._store, self._demand = store, demand
        self._hovering = False
        demand.on(Hover, self._on_hovered)

    def point(self, point: Point, row: int | None = None) -> None:
        """Decode the point under the cursor, with the image of a row of the map if given."""
        self._hovering = True
        model = self._store.state.model
        if row is None and why_not(DECODER, model):
            self._store.set(preview=None)
        else:
            self._demand.ask(Hover(point, row))

    def row(self, row: int) -> None:
        """Decode the code of an image of the map with its label; -1 clears the preview."""
        model, codes = self._store.state.model, self._store.state.codes
        if model is None or codes is None or not 0 <= row < len(codes):
            self.clear()
        else:
            self.point(model.point_of(codes, row), row)

    def tile(self, tiles: Tiles | None, index: int) -> None:
        """Show a decoded tile; an index out of range clears the preview."""
        if tiles is None or not 0 <= index < len(tiles.points):
            self.clear()
        else:
            self.picture(Picture(tiles.points[index], tiles.pictures[index]))

    def picture(self, picture: Picture) -> None:
        """Show a decoded point."""
        self.show(Preview(picture.point, picture.pixels))

    def show(self, preview: Preview | None) -> None:
        """Show a preview, or none."""
        self._hovering = False
        self._store.set(preview=preview)

    def clear(self) -> None:
        """Remove the preview."""
        self.show(None)

    def _on_hovered(self, _: Hover, preview: Preview) -> None:
        if self._hovering:
            self._store.set(preview=preview)
