"""The plot of the map: where things lie, and what a hand can do there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal, Slot

from latentlab.widgets.map_items import Cross, Handle, PointCloud, PriorRings, Spread
from latentlab.widgets.plots import Plot
from latentlab.widgets.theme import colours

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QWidget

NEAR = 12
"""Pixels within which an image counts as under the cursor."""
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
        self.cloud, self.rings, self.cross = PointCloud(), PriorRings(), Cross()
        self.spread = Spread()
        self.path = pg.PlotDataItem(connect="all")
        self.handles = {name: Handle(name.upper()) for name in ("a", "b")}
        below = (self.rings, self.cloud, self.spread, self.path)
        for item in (*below, *self.handles.values(), self.cross):
            self.addItem(item, ignoreBounds=True)
        self._xy = np.empty((0, 2), np.float32)
        self._shown = np.empty(0, np.int64)
        self._own_range = False
        self.handles["a"].sigPositionChanged.connect(self._on_a)
        self.handles["b"].sigPositionChanged.connect(self._on_b)
        self.handles["a"].sigPositionChangeFinished.connect(self._on_a_dropped)
        self.handles["b"].sigPositionChangeFinished.connect(self._on_b_dropped)
        self.scene().sigMouseMoved.connect(self._on_moved)
        self.scene().sigMouseClicked.connect(self._on_clicked)
        self.getViewBox().sigRangeChangedManually.connect(self._on_own_range)
        self.dress()

    def dress(self) -> None:
        """Take on the colours of the present scheme."""
        super().dress()
        if hasattr(self, "path"):
            self.path.setPen(pg.mkPen(colours().accent, width=2, style=Qt.PenStyle.DotLine))
            for handle in self.handles.values():
                handle.dress()

    def set_codes(
        self, xy: NDArray[np.float32], labels: NDArray[np.int64] | None, shown: set[int] | None
    ) -> None:
        """Show the codes, with shape (N, 2), of the classes in `shown`."""
        rows = np.arange(len(xy))
        if shown is not None and labels is not None:
            rows = rows[np.isin(labels, list(shown))]
        self._xy, self._shown = xy[rows], rows
        self.cloud.set_points(xy, labels, shown)
        if not self._own_range:
            self.show_all()

    @Slot()
    def show_all(self) -> None:
        """Show all codes and the prior, in steps so that training does not make it jitter."""
        self._own_range = False
        reach = float(np.quantile(np.abs(self._xy), 0.995)) if len(self._xy) else 0.0
        reach = np.ceil(2 * min(max(reach, 3.1), 1e6)) / 2
        self.setRange(xRange=(-reach, reach), yRange=(-reach, reach), padding=0.02)

    def set_point(self, x: float, y: float) -> None:
        """Put the cross-hair where z is."""
        self.cross.setPos(x, y)

    def set_spread(self, place: tuple[float, float], sigma: tuple[float, float] | None) -> None:
        """Draw the posterior's deviations around an image's code, or nothing."""
        self.spread.setVisible(sigma is not None)
        if sigma:
            self.spread.set_spread(*place, sigma)

    def set_path(self, a: tuple[float, float], b: tuple[float, float]) -> None:
        """Put the handles where the path's ends are."""
        for handle, place in zip(self.handles.values(), (a, b), strict=True):
            handle.blockSignals(True)
            handle.setPos(place)
            handle.blockSignals(False)
        self.path.setData(*zip(a, b, strict=True))

    def spot_at(self, scene: QPointF) -> Spot:
        """Return what lies at a place of the scene."""
        place = self.getViewBox().mapSceneToView(scene)
        return Spot(place.x(), place.y(), self._row_at(place), QPointF(self.mapFromScene(scene)))

    def _row_at(self, place: QPointF, near: float = NEAR) -> int | None:
        if not len(self._xy):
            return None
        away = self._xy - np.array([place.x(), place.y()], np.float32)
        squared = np.einsum("ij,ij->i", away, away)
        best = int(np.argmin(squared))
        pixel = self.getViewBox().viewPixelSize()[0]
        return int(self._shown[best]) if squared[best] ** 0.5 <= near * pixel else None

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
        spot = self.spot_at(event.scenePos())
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
        place = self.handles[name].pos()
        self.dragged.emit(name, place.x(), place.y(), dropped)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move z with the arrow keys, a fiftieth of the view at a time."""
        step = ARROWS.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        unit = self.getViewBox().viewRect().width() / 50
        self.nudged.emit(step[0] * unit, step[1] * unit)

    def leaveEvent(self, event: QEvent) -> None:
        """Say that nothing is under the cursor."""
        self.hovered.emit(None)
        super().leaveEvent(event)
