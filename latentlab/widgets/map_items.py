"""What is drawn on the map over its cloud: the prior's rings, z and the path's handles."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem

from latentlab.widgets.theme import colours


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
