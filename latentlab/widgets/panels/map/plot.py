"""The plot of the map: where things lie, and what a hand can do there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, override

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QSignalBlocker, Qt, Signal, Slot

from latentlab.latent.grid_index import inside
from latentlab.session.map import Layout
from latentlab.widgets.kit.plot import Plot
from latentlab.widgets.kit.scatter.markers import Cross, Handle, PriorRings
from latentlab.widgets.kit.scatter.point_colours import by_class
from latentlab.widgets.kit.scatter.scatter import CodeCloud
from latentlab.widgets.kit.theme import colours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QWidget

    from latentlab.session.map import View
    from latentlab.widgets.kit.scatter.rasterize import Paint

SAMPLE = 50_000
"""Points that are looked at to see how far they reach."""
NEAR = 12
"""Pixels within which an image counts as under the cursor."""
EDGE = 12
"""Pixels of the map's edge that a dragged handle stays away from."""
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the map: coordinates, the row of the image there or None, and the pixel."""

    x: float
    y: float
    row: int | None
    pixel: QPointF


class MapPlot(Plot):
    """Codes, the prior's rings, z and the path from A to B over one plane."""

    hovered = Signal(object)
    """The ``Spot`` under the cursor, or None when it leaves."""
    clicked = Signal(object, object)
    """The ``Spot``, and the keyboard modifiers."""
    asked = Signal(object)
    """The ``Spot`` of a right click."""
    dragged = Signal(str, float, float, bool)
    """``"a"`` or ``"b"``, where to, and whether the hand let go."""
    nudged = Signal(float, float)
    """An arrow key: how far, in data coordinates."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setAspectLocked(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.cloud, self.rings, self.cross = CodeCloud(), PriorRings(), Cross()
        self.path = pg.PlotDataItem(connect="all")
        self.handles = {name: Handle(name.upper()) for name in ("a", "b")}
        for item in (self.rings, self.cloud, self.path, *self.handles.values(), self.cross):
            self.addItem(item, ignoreBounds=True)
        self._reach = 0.0
        self._own_range = False
        self.handles["a"].sigPositionChanged.connect(self._on_a)
        self.handles["b"].sigPositionChanged.connect(self._on_b)
        self.handles["a"].sigPositionChangeFinished.connect(self._on_a_dropped)
        self.handles["b"].sigPositionChangeFinished.connect(self._on_b_dropped)
        self.scene().sigMouseMoved.connect(self._on_moved)
        self.scene().sigMouseClicked.connect(self._on_clicked)
        self.getViewBox().sigRangeChangedManually.connect(self._on_own_range)
        self.dress()

    @override
    def dress(self) -> None:
        """Take on the colours of the present scheme."""
        super().dress()
        self.path.setPen(self.pen(colours().accent, 2, Qt.PenStyle.DotLine))
        for handle in self.handles.values():
            handle.dress(self.pen("white", 1.5))

    def set_codes(
        self, xy: NDArray[np.float32], labels: NDArray[np.int64] | None, shown: set[int] | None
    ) -> None:
        """Show the codes, with shape (N, 2), of the classes in `shown`."""
        mask = None if shown is None or labels is None else np.isin(labels, list(shown))
        self.set_cloud(xy, by_class(labels, len(xy)), mask)

    def set_cloud(
        self, xy: NDArray[np.float32], paint: Paint, shown: NDArray[np.bool_] | None = None
    ) -> None:
        """Show points of shape (N, 2) in their colours; `shown` leaves others out."""
        self.cloud.set_points(xy, paint, shown)
        some = np.abs(xy[:: max(1, len(xy) // SAMPLE)])
        self._reach = float(np.quantile(some, 0.995)) if len(some) else 0.0
        if not self._own_range:
            self.show_all()

    def set_view(self, view: View) -> None:
        """Say what is drawn to the right and upwards."""
        self.rings.setVisible(view.is_plane)
        titled = view.is_plane and view.layout is not Layout.AXES
        for side, name in zip(("bottom", "left"), view.frame.names, strict=True):
            axis = self.getPlotItem().getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setLabel(name if titled else None)
            axis.showLabel(titled)
            # In a picture of neighbourhoods, coordinates mean nothing.
            axis.setStyle(showValues=view.is_plane)

    def forget_range(self) -> None:
        """Show all again with the next codes, whatever a hand has zoomed in on: they are others."""
        self._own_range = False

    @Slot()
    def show_all(self) -> None:
        """Show all codes, A, B and the prior, in steps so that training does not make it jitter."""
        self._own_range = False
        places = [handle.pos() for handle in self.handles.values()]
        ends = [abs(value) for place in places for value in (place.x(), place.y())]
        furthest = max(3.1, self._reach, *filter(np.isfinite, ends))
        reach = np.ceil(2 * min(furthest, 1e6)) / 2
        self.setRange(xRange=(-reach, reach), yRange=(-reach, reach), padding=0.02)

    def set_point(self, x: float, y: float) -> None:
        """Put the cross-hair where z is."""
        self.cross.setPos(x, y)

    def set_path(
        self,
        a: tuple[float, float],
        b: tuple[float, float],
        stops: Sequence[tuple[float, float]] = (),
    ) -> None:
        """Put the handles where the path's ends are, and a line through all its stops."""
        for handle, place in zip(self.handles.values(), (a, b), strict=True):
            with QSignalBlocker(handle):
                handle.setPos(place)
        self.path.setData(np.array(stops or (a, b)))

    def spot_at(self, scene: QPointF) -> Spot:
        """Return what lies at a place of the scene, with the image there."""
        spot = self._place_at(scene)
        return replace(spot, row=self._row_at(QPointF(spot.x, spot.y)))

    def _place_at(self, scene: QPointF) -> Spot:
        place = self.getViewBox().mapSceneToView(scene)
        return Spot(place.x(), place.y(), None, QPointF(self.mapFromScene(scene)))

    def _row_at(self, place: QPointF, near: float = NEAR) -> int | None:
        found = self.cloud.nearest(place.x(), place.y())
        reach = near * self.getViewBox().viewPixelSize()[0]
        return found[0] if found and found[1] <= reach else None

    def rows_inside(self, outline: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the rows of the shown images within a closed outline of shape (K, 2)."""
        (left, low), (right, high) = outline.min(0).tolist(), outline.max(0).tolist()
        xy, rows = self.cloud.within((left, low, right, high))
        return rows[inside(outline, xy)]

    def nearest(self, spot: Spot) -> int | None:
        """Return the row of the nearest image, however far."""
        return self._row_at(QPointF(spot.x, spot.y), near=np.inf)

    @Slot(object)
    def _on_moved(self, scene: QPointF) -> None:
        inside = self.getViewBox().sceneBoundingRect().contains(scene)
        self.hovered.emit(self.spot_at(scene) if inside else None)

    @Slot(object)
    def _on_clicked(self, event: Any) -> None:
        if not self.getViewBox().sceneBoundingRect().contains(event.scenePos()):
            return
        spot = self._place_at(event.scenePos())
        if event.button() == Qt.MouseButton.RightButton:
            self.asked.emit(spot)
        elif event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(spot, event.modifiers())

    @Slot()
    def _on_own_range(self) -> None:
        self._own_range = True

    @Slot()
    def _on_a(self) -> None:
        self._drag("a", dropped=False)

    @Slot()
    def _on_b(self) -> None:
        self._drag("b", dropped=False)

    @Slot()
    def _on_a_dropped(self) -> None:
        self._drag("a", dropped=True)

    @Slot()
    def _on_b_dropped(self) -> None:
        self._drag("b", dropped=True)

    def _drag(self, name: str, *, dropped: bool) -> None:
        handle = self.handles[name]
        x, y = self._in_view(handle.pos())
        with QSignalBlocker(handle):
            handle.setPos(x, y)
        self.dragged.emit(name, x, y, dropped)

    def _in_view(self, place: Any) -> tuple[float, float]:
        """Return the place nearest to one where a handle can still be seen and taken."""
        margin = EDGE * np.array(self.getViewBox().viewPixelSize())
        low, high = np.array(self.viewRange()).T
        x, y = np.clip((place.x(), place.y()), low + margin, high - margin).tolist()
        return x, y

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move z with the arrow keys, a fiftieth of the view at a time."""
        step = ARROWS.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        unit = self.getViewBox().viewRect().width() / 50
        self.nudged.emit(step[0] * unit, step[1] * unit)

    def viewportEvent(self, event: QEvent) -> bool:
        """Say that nothing is under the cursor once it leaves, also for a tool on the map."""
        if event.type() == QEvent.Type.Leave:
            self.hovered.emit(None)
        return bool(super().viewportEvent(event))
