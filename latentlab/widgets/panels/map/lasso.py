"""Selection tools of the map: click, box and lasso."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPolygonF

from latentlab.session.selection import SetOperation
from latentlab.widgets.kit.plot import cosmetic_pen
from latentlab.widgets.kit.theme import colours, faint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.widgets.panels.map.plot import MapPlot

CLICK_DISTANCE = 4
"""Maximum distance in pixels between press and release of a click."""
NO_TOOL, BOX, LASSO = "", "box", "lasso"


class SelectionOutline(pg.GraphicsObject):
    """SelectionOutline of the box or lasso that is being drawn, in data coordinates."""

    def __init__(self) -> None:
        super().__init__()
        self._polygon = QPolygonF()
        self.setZValue(30)

    def set_corners(self, corners: list[QPointF]) -> None:
        """Show an outline; an empty list hides it."""
        self.prepareGeometryChange()
        self._polygon = QPolygonF(corners)
        self.update()

    def boundingRect(self) -> QRectF:
        """Return the bounding rectangle of the outline."""
        return self._polygon.boundingRect()

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw the outline, lightly filled."""
        painter.setPen(cosmetic_pen(painter, colours().accent, 1.5, Qt.PenStyle.DashLine))
        painter.setBrush(faint(colours().accent, 0.12))
        painter.drawPolygon(self._polygon)


class SelectionTools(QObject):
    """Event filter that handles the mouse of a map while a selection tool is active.

    Parameters
    ----------
    plot : MapPlot
        The map.
    """

    chosen = Signal(object, object)
    """Rows, and how they change the selection."""
    cleared = Signal()
    """Escape without an active tool: clear the selection."""
    left = Signal()
    """Escape deactivated the tool."""

    def __init__(self, plot: MapPlot) -> None:
        super().__init__(plot)
        self._plot = plot
        self.tool = NO_TOOL
        self._pixels: list[QPointF] = []
        self.outline = SelectionOutline()
        plot.addItem(self.outline, ignoreBounds=True)
        plot.viewport().installEventFilter(self)
        plot.installEventFilter(self)

    def set_tool(self, tool: str) -> None:
        """Activate a tool; an empty name deactivates it."""
        self.tool = tool
        self._stop()
        shape = Qt.CursorShape.CrossCursor if tool else Qt.CursorShape.ArrowCursor
        self._plot.viewport().setCursor(shape)
        if tool:
            # The plot needs the focus to receive Escape.
            self._plot.setFocus()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Draw with the left button while a tool is active.

        Escape cancels the drawing, else deactivates the tool, else clears the selection.
        """
        if isinstance(event, QKeyEvent):
            return watched is self._plot and self._on_key(event)
        if not self.tool or not isinstance(event, QMouseEvent):
            return False
        kind = event.type()
        if kind == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            self._pixels = [event.position()]
            self._plot.setFocus(Qt.FocusReason.MouseFocusReason)
            return True
        if kind == QEvent.Type.MouseMove and self._pixels:
            self._pixels.append(event.position())
            self.outline.set_corners([self._map_to_view(pixel) for pixel in self._corners()])
            return True
        if kind == QEvent.Type.MouseButtonRelease and self._pixels:
            self._finish(event)
            return True
        return False

    def _on_key(self, event: QKeyEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or event.key() != Qt.Key.Key_Escape:
            return False
        if self._pixels:
            self._stop()
        elif self.tool:
            self.set_tool(NO_TOOL)
            self.left.emit()
        else:
            self.cleared.emit()
        return True

    def _corners(self) -> list[QPointF]:
        if self.tool == LASSO:
            return self._pixels
        return _box(self._pixels[0], self._pixels[-1])

    def _map_to_view(self, pixel: QPointF) -> QPointF:
        scene = self._plot.mapToScene(pixel.toPoint())
        pos: QPointF = self._plot.getViewBox().mapSceneToView(scene)
        return pos

    def _finish(self, event: QMouseEvent) -> None:
        self._pixels.append(event.position())
        corners, how = self._corners(), _selection_mode(event.modifiers())
        start = self._pixels[0]
        moved = max((pixel - start).manhattanLength() for pixel in self._pixels)
        if moved <= CLICK_DISTANCE:
            row = self._plot.spot_at(QPointF(self._plot.mapToScene(start.toPoint()))).row
            rows: NDArray[np.int64] = np.array([] if row is None else [row], np.int64)
        else:
            outline = np.array([(p.x(), p.y()) for p in map(self._map_to_view, corners)])
            rows = self._plot.rows_inside(outline)
        self._stop()
        self.chosen.emit(rows, how)

    def _stop(self) -> None:
        self._pixels = []
        self.outline.set_corners([])


def _box(start: QPointF, end: QPointF) -> list[QPointF]:
    return [start, QPointF(end.x(), start.y()), end, QPointF(start.x(), end.y())]


def _selection_mode(modifiers: Qt.KeyboardModifier) -> SetOperation:
    if modifiers & Qt.KeyboardModifier.ShiftModifier:
        return SetOperation.ADD
    return SetOperation.REMOVE if modifiers & Qt.KeyboardModifier.AltModifier else SetOperation.NEW
