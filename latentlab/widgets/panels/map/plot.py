"""Plot of the map: items in data coordinates, and mouse and key events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any, override

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics

from latentlab.latent.grid_index import points_in_polygon
from latentlab.widgets.kit.export.plot_layers import ink
from latentlab.widgets.kit.plot import Plot
from latentlab.widgets.kit.scatter.markers import Cross, MarkerLabel, PathHandle, PriorRings
from latentlab.widgets.kit.scatter.point_colours import by_class
from latentlab.widgets.kit.scatter.scatter import ScatterItem
from latentlab.widgets.kit.theme import class_colour, colours, small

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PySide6.QtGui import QContextMenuEvent, QKeyEvent
    from PySide6.QtWidgets import QWidget

    from latentlab.session.files.figure import Colour
    from latentlab.session.map import MapView
    from latentlab.widgets.kit.scatter.rasterize import PointColours

EXTENT_SAMPLES = 50_000
"""Number of points sampled to measure the extent of the codes."""
OUTERMOST = (0.005, 0.995)
"""Quantiles of the coordinates between which the codes are shown."""
PRIOR_EXTENT = 3.1
"""Distance from the centre that shows the outermost ring of the prior."""
HOVER_DISTANCE = 12
"""Maximum distance in pixels of an image under the cursor."""
EDGE_MARGIN = 12
"""Minimum distance in pixels of a dragged handle from the edge of the map."""
SIDES = ("bottom", "left")
TITLE_MARGINS = 10
"""Pixels that the title of an axis needs beside its text."""
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


@dataclass(frozen=True, slots=True)
class MapPosition:
    """Position on the map: coordinates, row of the image there or None, and widget pixel."""

    x: float
    y: float
    row: int | None
    pixel: QPointF


class MapPlot(Plot):
    """Plot of the codes, the rings of the prior, z, and the path from A to B."""

    hovered = Signal(object)
    """``MapPosition`` under the cursor, or None when it leaves."""
    clicked = Signal(object, object)
    """``MapPosition``, and the keyboard modifiers."""
    asked = Signal(object)
    """``MapPosition`` of a right click."""
    dragged = Signal(str, float, float, bool)
    """``"a"`` or ``"b"``, its new coordinates, and whether the handle was released."""
    nudged = Signal(float, float)
    """Step of an arrow key, in data coordinates."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.names: tuple[str, ...] = ()
        """Names of the classes that the colours stand for, if they stand for classes."""
        self.setAspectLocked(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.cloud, self.rings, self.cross = ScatterItem(), PriorRings(), Cross()
        self.path = pg.PlotDataItem(connect="all")
        self.handles = {name: PathHandle(name.upper()) for name in ("a", "b")}
        self.z_label = MarkerLabel("z")
        handles = self.handles.values()
        for item in (self.rings, self.cloud, self.path, *handles, self.cross, self.z_label):
            self.addItem(item, ignoreBounds=True)
        self._is_plane = True
        self._path_places: tuple[tuple[float, float], ...] = ()
        self._axis_titles: tuple[str, ...] = ("", "")
        self._kind: object = None
        self._extent = np.zeros((2, 2))
        self._is_zoomed = False
        self.handles["a"].sigPositionChanged.connect(self._on_a)
        self.handles["b"].sigPositionChanged.connect(self._on_b)
        self.handles["a"].sigPositionChangeFinished.connect(self._on_a_dropped)
        self.handles["b"].sigPositionChangeFinished.connect(self._on_b_dropped)
        self.scene().sigMouseMoved.connect(self._on_moved)
        self.scene().sigMouseClicked.connect(self._on_clicked)
        self.getViewBox().sigRangeChangedManually.connect(self._on_zoomed)
        for side in SIDES:
            self.getPlotItem().getAxis(side).geometryChanged.connect(self._show_axis_titles)
        self.dress()

    @override
    def dress(self) -> None:
        """Apply the colours of the current theme."""
        super().dress()
        self.path.setPen(self.pen(colours().accent, 2, Qt.PenStyle.DotLine))
        for handle in self.handles.values():
            handle.dress(self.pen("white", 1.5))
        self.z_label.dress()

    @override
    def legend(self) -> tuple[tuple[str, Colour], ...]:
        """Return the classes and their colours."""
        return tuple((name, ink(class_colour(i))) for i, name in enumerate(self.names))

    def set_codes(
        self, xy: NDArray[np.float32], labels: NDArray[np.int64] | None, shown: set[int] | None
    ) -> None:
        """Show the codes, shape (N, 2), of the classes in `shown`; None for all."""
        mask = None if shown is None or labels is None else np.isin(labels, list(shown))
        self.set_cloud(xy, by_class(labels, len(xy)), mask)

    def set_cloud(
        self, xy: NDArray[np.float32], paint: PointColours, shown: NDArray[np.bool_] | None = None
    ) -> None:
        """Show points, shape (N, 2), in their colours; `shown` is a mask, None for all."""
        self.cloud.set_points(xy, paint, shown)
        sample = xy[:: max(1, len(xy) // EXTENT_SAMPLES)]
        self._extent = np.quantile(sample, OUTERMOST, axis=0) if len(sample) else np.zeros((2, 2))
        if not self._is_zoomed:
            self.show_all()

    def set_view(self, view: MapView, *, has_prior: bool = True) -> None:
        """Set the axes of a view, and show the rings of the prior on a plane if there is one."""
        self.rings.setVisible(view.is_plane and has_prior)
        self._axis_titles = view.frame.names
        for side in SIDES:
            self.getPlotItem().getAxis(side).enableAutoSIPrefix(False)
            # Coordinates of t-SNE and UMAP have no meaning.
            self.showAxis(side, view.is_plane)
        self._show_axis_titles()
        self._is_plane = view.is_plane
        kind = (view.layout, view.frame.dimensions)
        if kind != self._kind:
            # The zoom belongs to the coordinates of the last view.
            self._kind, self._is_zoomed = kind, False

    @Slot()
    def _show_axis_titles(self) -> None:
        """Show the titles of the axes, shortened to the length of each."""
        font = small(self.font())
        style = {"font-size": f"{font.pointSizeF()}pt", "color": colours().muted}
        for side, title in zip(SIDES, self._axis_titles, strict=True):
            axis = self.getPlotItem().getAxis(side)
            length = axis.size().width() if side == "bottom" else axis.size().height()
            fitting = shortened(title, QFontMetrics(font), length - TITLE_MARGINS)
            axis.setLabel(escape(fitting), **style)  # the title is HTML
            axis.setToolTip(title)
            axis.resizeEvent()  # centres the title, which pyqtgraph does for another size only

    def forget_range(self) -> None:
        """Discard the zoom of the user, so that the next codes are shown completely."""
        self._is_zoomed = False

    @Slot()
    def show_all(self) -> None:
        """Show all codes, A, B and, on a plane, the prior."""
        self._is_zoomed = False
        ends = np.array([(each.pos().x(), each.pos().y()) for each in self.handles.values()])
        shown = np.vstack([self._extent, ends[np.isfinite(ends).all(1)]])
        if self._is_plane:
            # Symmetric and rounded, which avoids jitter during training.
            extent = max(PRIOR_EXTENT, float(np.abs(shown).max()))
            reach = np.ceil(2 * min(extent, 1e6)) / 2
            shown = np.array([[-reach] * 2, [reach] * 2])
        (left, low), (right, high) = shown.min(0).tolist(), shown.max(0).tolist()
        padding = 0.02 if self._is_plane else 0.06
        self.setRange(xRange=(left, right), yRange=(low, high), padding=padding)

    def set_point(self, x: float, y: float) -> None:
        """Move the cross to z."""
        self.cross.setPos(x, y)
        self.z_label.setPos(x, y)

    def show_path(self, *, visible: bool) -> None:
        """Show or hide the path and its ends."""
        for item in (self.path, *self.handles.values()):
            item.setVisible(visible)

    def set_path(
        self,
        a: tuple[float, float],
        b: tuple[float, float],
        stops: Sequence[tuple[float, float]] = (),
    ) -> None:
        """Move the handles to the ends of the path, and draw a line through all its stops."""
        places = (a, b, *(stops or (a, b)))
        if places == self._path_places:
            return
        self._path_places = places
        for handle, pos in zip(self.handles.values(), (a, b), strict=True):
            with QSignalBlocker(handle):
                handle.setPos(pos)
        self.path.setData(np.array(stops or (a, b)))

    def spot_at(self, scene: QPointF) -> MapPosition:
        """Return the spot at a scene position, with the row of the image there."""
        spot = self._position_at(scene)
        return replace(spot, row=self._row_at(QPointF(spot.x, spot.y)))

    def _position_at(self, scene: QPointF) -> MapPosition:
        pos = self.getViewBox().mapSceneToView(scene)
        return MapPosition(pos.x(), pos.y(), None, QPointF(self.mapFromScene(scene)))

    def _row_at(self, pos: QPointF, near: float = HOVER_DISTANCE) -> int | None:
        nearest = self.cloud.nearest(pos.x(), pos.y())
        reach = near * self.getViewBox().viewPixelSize()[0]
        return nearest[0] if nearest and nearest[1] <= reach else None

    def rows_inside(self, outline: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the rows of the visible images within a closed outline, shape (K, 2)."""
        (left, low), (right, high) = outline.min(0).tolist(), outline.max(0).tolist()
        xy, rows = self.cloud.within((left, low, right, high))
        return rows[points_in_polygon(outline, xy)]

    def nearest(self, spot: MapPosition) -> int | None:
        """Return the row of the nearest image at any distance, or None without images."""
        return self._row_at(QPointF(spot.x, spot.y), near=np.inf)

    @Slot(object)
    def _on_moved(self, scene: QPointF) -> None:
        inside = self.getViewBox().sceneBoundingRect().contains(scene)
        self.hovered.emit(self.spot_at(scene) if inside else None)

    @Slot(object)
    def _on_clicked(self, event: Any) -> None:
        if not self.getViewBox().sceneBoundingRect().contains(event.scenePos()):
            return
        spot = self._position_at(event.scenePos())
        if event.button() == Qt.MouseButton.RightButton:
            self.asked.emit(spot)
        elif event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(spot, event.modifiers())

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Leave the menu to the release of the button, because a right drag zooms."""
        event.accept()
        if event.reason() == event.Reason.Keyboard:
            self.asked.emit(self._position_at(self.getViewBox().sceneBoundingRect().center()))

    @Slot()
    def _on_zoomed(self) -> None:
        self._is_zoomed = True

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
        x, y = self._clamp_to_view(handle.pos())
        with QSignalBlocker(handle):
            handle.setPos(x, y)
        self.dragged.emit(name, x, y, dropped)

    def _clamp_to_view(self, pos: Any) -> tuple[float, float]:
        """Return the nearest position at which a handle stays visible and can be dragged."""
        margin = EDGE_MARGIN * np.array(self.getViewBox().viewPixelSize())
        low, high = np.array(self.viewRange()).T
        x, y = np.clip((pos.x(), pos.y()), low + margin, high - margin).tolist()
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
        """Emit None when the cursor leaves, also while a selection tool is active."""
        if event.type() == QEvent.Type.Leave:
            self.hovered.emit(None)
        return bool(super().viewportEvent(event))


def shortened(title: str, metrics: QFontMetrics, length: float) -> str:
    """Return the title of an axis, or as much of its start as fits; pyqtgraph cuts both ends."""
    first = title.partition(" of ")[0]
    fitting = (text for text in (title, first) if metrics.horizontalAdvance(text) <= length)
    elided = metrics.elidedText(first, Qt.TextElideMode.ElideRight, int(length))
    return next(fitting, elided)
