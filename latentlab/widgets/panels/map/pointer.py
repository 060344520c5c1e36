"""Mouse actions on the map: hover, click, drag, context menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu

from latentlab.session.map import map_position, point_at_position
from latentlab.widgets.kit.context_menu import fill_context_menu
from latentlab.widgets.panels.map.context_menu import fill_map_menu
from latentlab.widgets.panels.map.hover_card import HoverCard

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.session.map import MapView
    from latentlab.session.points import LatentPath, Point, Preview
    from latentlab.session.state import Changes, State
    from latentlab.widgets.panels.map.plot import MapPlot, MapPosition
    from latentlab.workers.controller import Controller


class MapPointer(QObject):
    """Translates mouse actions on the map into intents, and shows z and the path.

    Parameters
    ----------
    plot : MapPlot
        The map.
    controller : Controller
        Receives the intents.
    """

    filling = Signal(object)
    """``QMenu`` of a spot before it opens; slots may add actions."""

    def __init__(self, plot: MapPlot, controller: Controller) -> None:
        super().__init__(plot)
        self._plot, self._controller = plot, controller
        self.thumbnail = HoverCard(plot)
        self._spot: MapPosition | None = None
        self._placed: dict[tuple[float, ...], tuple[float, float]] = {}
        controller.watchers.add(self._show_preview, frozenset({"preview", "view"}), leads=True)
        plot.hovered.connect(self._on_hovered)
        plot.clicked.connect(self._on_clicked)
        plot.asked.connect(self._on_asked)
        plot.dragged.connect(self._on_dragged)
        plot.nudged.connect(self._on_nudged)

    def forget_places(self) -> None:
        """Discard the positions of placed points: they differ in another view."""
        self._placed.clear()

    def show_places(self, point: Point, ends: LatentPath | None) -> None:
        """Show z and the path."""
        self._plot.set_point(*self._spot_of(point))
        if ends:
            stops = [self._spot_of(stop.point) for stop in ends.stops()]
            self._plot.set_path(stops[0], self._spot_of(ends.b), stops)

    def _show_preview(self, state: State, _: Changes) -> None:
        """Show the preview beside the cursor."""
        if self._spot is None or state.preview is None:
            self.thumbnail.hide()
            return
        pictures = preview_pictures(state.preview, state.view)
        if not pictures:
            self.thumbnail.hide()
            return
        self.thumbnail.set_pictures(pictures)
        self.thumbnail.stand_beside(self._spot.pixel.toPoint())

    def _spot_of(self, point: Point) -> tuple[float, float]:
        """Return the position of a point: where the user placed it, else where the view maps it."""
        return self._placed.get(point.z) or map_position(self._controller.state, point)

    @Slot(object)
    def _on_hovered(self, spot: MapPosition | None) -> None:
        has_left, self._spot = self._spot is not None and spot is None, spot
        point = self._controller.state.point
        if spot and point:
            under = point_at_position(self._controller.state, spot.x, spot.y, point)
            self._controller.preview.point(under, spot.row)
        elif has_left:
            self.thumbnail.hide()
            self._controller.preview.clear()

    @Slot(object, object)
    def _on_clicked(self, spot: MapPosition, modifiers: Qt.KeyboardModifier) -> None:
        shift = modifiers & Qt.KeyboardModifier.ShiftModifier
        if shift and (row := self._plot.nearest(spot)) is not None:
            self._controller.point.pick(row)
        else:
            self._set_point(spot.x, spot.y)

    @Slot(float, float)
    def _on_nudged(self, dx: float, dy: float) -> None:
        if self._controller.state.point:
            x, y = self._spot_of(self._controller.state.point)
            self._set_point(x + dx, y + dy)

    def _set_point(self, x: float, y: float) -> None:
        if self._controller.state.point:
            self._controller.point.set(self._point_at(x, y, self._controller.state.point))

    @Slot(str, float, float, bool)
    def _on_dragged(self, name: str, x: float, y: float, dropped: bool) -> None:
        ends = self._controller.state.ends
        if ends:
            point = self._point_at(x, y, ends.a if name == "a" else ends.b)
            self._controller.path.set(ends.moved(name, point), settled=dropped)

    def _point_at(self, x: float, y: float, point: Point) -> Point:
        """Return the point at a position; store the position if the view is not a plane."""
        state = self._controller.state
        result = point_at_position(state, x, y, point)
        if not state.view.is_plane:
            ends = (state.ends.a, state.ends.b) if state.ends else ()
            current = {p.z for p in (state.point, *ends) if p}
            self._placed = {z: pos for z, pos in self._placed.items() if z in current}
            self._placed[result.z] = (x, y)
        return result

    @Slot(object)
    def _on_asked(self, spot: MapPosition) -> None:
        menu = QMenu(self._plot)
        self.fill_menu(menu, spot)
        menu.exec(QCursor.pos())
        menu.deleteLater()

    def fill_menu(self, menu: QMenu, spot: MapPosition) -> None:
        """Add the actions for a spot to a menu."""
        row = self._plot.nearest(spot)
        fill_map_menu(menu, self._controller, spot, row, self._set_point, self._on_dragged)
        self.filling.emit(menu)
        menu.addSeparator()
        parent = self._plot.parentWidget()
        fill_context_menu(menu, parent, self._plot.mapToParent(self._plot.rect().center()))


def preview_pictures(preview: Preview, view: MapView) -> list[tuple[str, NDArray[np.uint8]]]:
    """Return the captions and pixels of the hover card.

    Above an image these are the image, its reconstruction, and what the position decodes to, unless
    this is the same: with more than two dimensions the code is beside the plane. Without a decoder,
    or without images, their pixels are left out.
    """
    pictures = _preview_pictures(preview, view)
    return [(caption, pixels) for caption, pixels in pictures if pixels is not None]


def _preview_pictures(
    preview: Preview, view: MapView
) -> Iterator[tuple[str, NDArray[np.uint8] | None]]:
    is_exact = view.is_plane and view.frame.size == 2
    if preview.original:
        yield "image", preview.original.picture
        yield "reconstruction", preview.original.reconstruction
    if is_exact and not preview.original:
        yield "decoded", preview.pixels
    elif not is_exact:
        yield "plane through z" if view.is_plane else "blend of codes", preview.pixels
