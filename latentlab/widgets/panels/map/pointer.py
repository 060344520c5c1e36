"""What a hand does on the map: hover, click, drag, ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu

from latentlab.session.map import place_of, point_under
from latentlab.widgets.panels.map.context_menu import fill_map_menu
from latentlab.widgets.panels.map.hover_card import HoverCard

if TYPE_CHECKING:
    from latentlab.session.points import LatentPath, Point
    from latentlab.session.state import State
    from latentlab.widgets.panels.map.plot import MapPlot, Spot
    from latentlab.workers.controller import Controller


class MapPointer(QObject):
    """Turns what is done at places of the map into intents, and shows z and the path there.

    Parameters
    ----------
    plot : MapPlot
        The map.
    controller : Controller
        Takes the intents.
    """

    filling = Signal(object)
    """A menu for a place is being made: others may add to it."""

    def __init__(self, plot: MapPlot, controller: Controller) -> None:
        super().__init__(plot)
        self._plot, self._controller = plot, controller
        self.thumbnail = HoverCard(plot)
        self._spot: Spot | None = None
        self._put: dict[tuple[float, ...], tuple[float, float]] = {}
        plot.hovered.connect(self._on_hovered)
        plot.clicked.connect(self._on_clicked)
        plot.asked.connect(self._on_asked)
        plot.dragged.connect(self._on_dragged)
        plot.nudged.connect(self._on_nudged)

    def forget_places(self) -> None:
        """Forget where a hand put points: they stand elsewhere in another view."""
        self._put.clear()

    def show_places(self, point: Point, ends: LatentPath | None) -> None:
        """Show where z and the path are."""
        self._plot.set_point(*self._spot_of(point))
        if ends:
            stops = [self._spot_of(stop.point) for stop in ends.stops()]
            self._plot.set_path(stops[0], self._spot_of(ends.b), stops)

    def show_preview(self, state: State) -> None:
        """Show beside the cursor what lies under it."""
        if self._spot is None or state.preview is None:
            self.thumbnail.hide()
            return
        near = state.preview.original.picture if state.preview.original else None
        self.thumbnail.set_pictures(state.preview.pixels, near)
        self.thumbnail.stand_beside(self._spot.pixel.toPoint())

    def _spot_of(self, point: Point) -> tuple[float, float]:
        """Return where a point stands: where a hand put it, even if no formula leads back."""
        return self._put.get(point.z) or place_of(self._controller.state, point)

    @Slot(object)
    def _on_hovered(self, spot: Spot | None) -> None:
        left, self._spot = self._spot is not None and spot is None, spot
        point = self._controller.state.point
        if spot and point:
            under = point_under(self._controller.state, spot.x, spot.y, point)
            self._controller.preview.point(under, spot.row)
        elif left:
            self.thumbnail.hide()
            self._controller.preview.clear()

    @Slot(object, object)
    def _on_clicked(self, spot: Spot, modifiers: Qt.KeyboardModifier) -> None:
        shift = modifiers & Qt.KeyboardModifier.ShiftModifier
        if shift and (row := self._plot.nearest(spot)) is not None:
            self._controller.point.pick(row)
        else:
            self._go(spot.x, spot.y)

    @Slot(float, float)
    def _on_nudged(self, dx: float, dy: float) -> None:
        if self._controller.state.point:
            x, y = self._spot_of(self._controller.state.point)
            self._go(x + dx, y + dy)

    def _go(self, x: float, y: float) -> None:
        if self._controller.state.point:
            self._controller.point.set(self._under(x, y, self._controller.state.point))

    @Slot(str, float, float, bool)
    def _on_dragged(self, name: str, x: float, y: float, dropped: bool) -> None:
        ends = self._controller.state.ends
        if ends:
            point = self._under(x, y, ends.a if name == "a" else ends.b)
            self._controller.path.set(ends.moved(name, point), settled=dropped)

    def _under(self, x: float, y: float, point: Point) -> Point:
        """Return the point under a place, and keep in mind that a hand put it there."""
        state = self._controller.state
        found = point_under(state, x, y, point)
        if not state.view.is_plane:
            ends = (state.ends.a, state.ends.b) if state.ends else ()
            stand = {kept.z for kept in (state.point, *ends) if kept}
            self._put = {z: place for z, place in self._put.items() if z in stand}
            self._put[found.z] = (x, y)
        return found

    @Slot(object)
    def _on_asked(self, spot: Spot) -> None:
        menu = QMenu(self._plot)
        self.fill_menu(menu, spot)
        menu.exec(QCursor.pos())
        menu.deleteLater()

    def fill_menu(self, menu: QMenu, spot: Spot) -> None:
        """Offer what can be done at a spot."""
        row = self._plot.nearest(spot)
        fill_map_menu(menu, self._controller, spot, row, self._go, self._on_dragged)
        self.filling.emit(menu)
