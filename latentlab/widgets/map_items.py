"""What is drawn on the map: a cloud of points, the prior's rings, z and the path's handles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from latentlab.session.colours import CLASS_COLOURS
from latentlab.widgets.theme import colours, faint

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Stamps around a point's pixel: a core, and a paler rim that makes it look round.
CORES = {
    2: ((0, 0), (1, 0), (0, 1), (1, 1)),
    3: tuple((x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)),
    5: tuple((x, y) for x in range(-2, 3) for y in range(-2, 3) if abs(x) + abs(y) < 4),
}
RIMS = {
    2: ((-1, 0), (-1, 1), (2, 0), (2, 1), (0, -1), (1, -1), (0, 2), (1, 2)),
    3: ((-2, 0), (2, 0), (0, -2), (0, 2)),
    5: ((-2, -2), (-2, 2), (2, -2), (2, 2), (-3, 0), (3, 0), (0, -3), (0, 3)),
}
MARGIN = 4
RIM_OPACITY = 0.45


class PointCloud(pg.GraphicsObject):
    """Points stamped straight into pixels: the cost of drawing hardly grows with their number."""

    def __init__(self) -> None:
        super().__init__()
        self._xy = np.empty((0, 2), np.float32)
        self._cores = np.empty(0, np.uint32)
        self._rims = np.empty(0, np.uint32)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def set_points(
        self, xy: NDArray[np.float32], labels: NDArray[np.int64] | None, shown: set[int] | None
    ) -> None:
        """Show points of shape (N, 2), coloured by class; `shown` leaves other classes out."""
        classes = np.zeros(len(xy), np.int64) if labels is None else labels
        if shown is not None and labels is not None:
            keep = np.isin(classes, list(shown))
            xy, classes = xy[keep], classes[keep]
        index = classes % len(CLASS_COLOURS)
        self.prepareGeometryChange()
        self._xy = np.ascontiguousarray(xy, np.float32)
        self._cores = _palette(1.0)[index]
        self._rims = _palette(RIM_OPACITY)[index]
        self.update()

    def boundingRect(self) -> QRectF:
        """Return the points' extent, in data coordinates."""
        if not len(self._xy):
            return QRectF()
        (left, low), (right, high) = self._xy.min(0).tolist(), self._xy.max(0).tolist()
        return QRectF(left, low, right - left, high - low)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Stamp the points that are in view into an image and draw it."""
        view = self.getViewBox()
        if not len(self._xy) or view is None or widget is None:
            return
        room = view.mapRectToScene(view.boundingRect())
        ratio = widget.devicePixelRatioF()
        width, height = int(room.width() * ratio), int(room.height() * ratio)
        if width < 1 or height < 1:
            return
        image = self._stamp(view.viewRect(), width, height)
        image.setDevicePixelRatio(ratio)
        painter.save()
        painter.resetTransform()
        painter.drawImage(room.topLeft(), image)
        painter.restore()

    def _stamp(self, view: QRectF, width: int, height: int) -> QImage:
        left, low = view.left(), view.top()
        scale = np.array([width / view.width(), height / view.height()], np.float32)
        pixel = (self._xy - np.array([left, low], np.float32)) * scale
        x, y = pixel[:, 0], height - pixel[:, 1]
        seen = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        stride = width + 2 * MARGIN
        place = (y[seen].astype(np.int64) + MARGIN) * stride + x[seen].astype(np.int64) + MARGIN
        canvas = np.zeros((height + 2 * MARGIN, stride), np.uint32)
        flat, size = canvas.reshape(-1), self._size()
        for offsets, colour in ((RIMS[size], self._rims[seen]), (CORES[size], self._cores[seen])):
            for dx, dy in offsets:
                flat[place + (dy * stride + dx)] = colour
        inner = np.ascontiguousarray(canvas[MARGIN:-MARGIN, MARGIN:-MARGIN])
        layout = QImage.Format.Format_ARGB32_Premultiplied
        return QImage(inner.data, width, height, 4 * width, layout).copy()

    def _size(self) -> int:
        count = len(self._xy)
        return 5 if count < 1500 else 3 if count < 20_000 else 2


def _palette(opacity: float) -> NDArray[np.uint32]:
    """Return the class colours as premultiplied 0xAARRGGBB."""
    values = []
    for name in CLASS_COLOURS:
        colour = QColor(name)
        parts = (255, colour.red(), colour.green(), colour.blue())
        a, r, g, b = (round(part * opacity) for part in parts)
        values.append(a << 24 | r << 16 | g << 8 | b)
    return np.array(values, np.uint32)


class PriorRings(pg.GraphicsObject):
    """Circles at one, two and three standard deviations of the prior."""

    RADII = (1, 2, 3)

    def boundingRect(self) -> QRectF:
        """Return the largest ring's extent."""
        reach = self.RADII[-1]
        return QRectF(-reach, -reach, 2 * reach, 2 * reach)

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw the rings as thin lines."""
        pen = QPen(QColor(colours().muted), 1, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setOpacity(0.7)
        for radius in self.RADII:
            painter.drawEllipse(QPointF(0, 0), radius, radius)


class Spread(pg.GraphicsObject):
    """Ellipses at one and two standard deviations of one image's posterior."""

    RADII = (1, 2)

    def __init__(self) -> None:
        super().__init__()
        self._sigma = (0.0, 0.0)
        self.setZValue(12)
        self.setVisible(False)

    @property
    def sigma(self) -> tuple[float, float]:
        """Deviation along x and y."""
        return self._sigma

    def set_spread(self, x: float, y: float, sigma: tuple[float, float]) -> None:
        """Stand around a code."""
        self.prepareGeometryChange()
        self._sigma = sigma
        self.setPos(x, y)
        self.update()

    def boundingRect(self) -> QRectF:
        """Return the larger ellipse's extent."""
        x, y = (self.RADII[-1] * sigma for sigma in self._sigma)
        return QRectF(-x, -y, 2 * x, 2 * y)

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw both ellipses, the inner one denser since both fill it."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(colours().text), 1.5)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(faint(colours().accent, 0.3))
        for radius in reversed(self.RADII):
            painter.drawEllipse(QPointF(0, 0), *(radius * sigma for sigma in self._sigma))


class Cross(pg.GraphicsObject):
    """A cross-hair of constant size with a light rim, for z."""

    ARM, GAP = 11, 4

    def __init__(self) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
        self.setZValue(20)

    def boundingRect(self) -> QRectF:
        """Return its extent in pixels."""
        reach = self.ARM + 3
        return QRectF(-reach, -reach, 2 * reach, 2 * reach)

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw four arms and a ring."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        c = colours()
        for colour, width in ((c.base, 5.0), (c.text, 2.0)):
            pen = QPen(QColor(colour), width)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawEllipse(QPointF(0, 0), self.GAP, self.GAP)
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                painter.drawLine(
                    QPointF(dx * self.GAP, dy * self.GAP), QPointF(dx * self.ARM, dy * self.ARM)
                )


class Handle(pg.TargetItem):
    """One end of the path: a lettered disc that can be dragged."""

    def __init__(self, letter: str) -> None:
        super().__init__(movable=True, size=18, symbol="o", pen=pg.mkPen("w", width=1.5))
        self.setZValue(15)
        self.setLabel(letter, {"anchor": (0.5, 0.5), "offset": (0, 0), "color": "w"})
        self.dress()

    def dress(self) -> None:
        """Take on the accent colour."""
        self.setBrush(pg.mkBrush(colours().accent))
        self.setHoverBrush(pg.mkBrush(colours().text))
