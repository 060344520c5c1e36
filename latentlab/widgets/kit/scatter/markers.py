"""Graphics items above the points of the map: prior, posterior, z and handles of the path."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem

from latentlab.session.files.figure import Ellipse, Mark
from latentlab.widgets.kit.export.plot_layers import ink
from latentlab.widgets.kit.plot import cosmetic_pen
from latentlab.widgets.kit.theme import colours, faint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from latentlab.session.files.figure import Layer


class PriorRings(pg.GraphicsObject):
    """Circles at one, two and three standard deviations of the prior."""

    RADII = (1, 2, 3)

    def boundingRect(self) -> QRectF:
        """Return the bounds of the largest ring."""
        reach = self.RADII[-1]
        return QRectF(-reach, -reach, 2 * reach, 2 * reach)

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw the rings as dashed lines."""
        painter.setPen(cosmetic_pen(painter, colours().muted, 1, Qt.PenStyle.DashLine))
        painter.setOpacity(0.7)
        for radius in self.RADII:
            painter.drawEllipse(QPointF(0, 0), radius, radius)

    def layers(self) -> Iterable[Layer]:
        """Return the rings as layers of a figure."""
        colour = ink(QColor(colours().muted), 0.7)
        for radius in self.RADII:
            yield Ellipse((0.0, 0.0), (radius, 0.0, 0.0, radius), colour, dashed=True)


class PosteriorMarker(pg.GraphicsObject):
    """Ellipses at one and two standard deviations of the posterior of an image."""

    RADII = (1, 2)

    def __init__(self) -> None:
        super().__init__()
        self._reach = (0.0, 0.0)
        self.shape_at_one = QTransform()
        self.setZValue(12)
        self.setVisible(False)

    def set_spread(self, x: float, y: float, covariance: NDArray[np.float64]) -> None:
        """Set the centre and the covariance on the map, of shape (2, 2)."""
        self.prepareGeometryChange()
        values, vectors = np.linalg.eigh(covariance)
        (a, b), (c, d) = (vectors * np.sqrt(np.maximum(values, 0))).T.tolist()
        # Maps the unit circle to the ellipse of one standard deviation.
        self.shape_at_one = QTransform(a, b, c, d, 0, 0)
        self._reach = (self.RADII[-1] * math.hypot(a, c), self.RADII[-1] * math.hypot(b, d))
        self.setPos(x, y)
        self.update()

    def boundingRect(self) -> QRectF:
        """Return the bounds of the larger ellipse."""
        x, y = self._reach
        return QRectF(-x, -y, 2 * x, 2 * y)

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw both filled ellipses; they overlap in the inner one, which is darker."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(cosmetic_pen(painter, colours().text, 1.5))
        painter.setBrush(faint(colours().accent, 0.3))
        painter.setTransform(self.shape_at_one, combine=True)
        for radius in reversed(self.RADII):
            painter.drawEllipse(QPointF(0, 0), radius, radius)

    def layers(self) -> Iterable[Layer]:
        """Return both ellipses as layers of a figure."""
        shape, centre = self.shape_at_one, (self.pos().x(), self.pos().y())
        one = np.array([shape.m11(), shape.m12(), shape.m21(), shape.m22()])
        for radius in reversed(self.RADII):
            a, b, c, d = (radius * one).tolist()
            edge, inside = ink(QColor(colours().text)), ink(faint(colours().accent, 0.3))
            yield Ellipse(centre, (a, b, c, d), edge, filled=inside)


class Cross(pg.GraphicsObject):
    """Cross-hair of constant size with a light outline, for z."""

    ARM, GAP = 11, 4

    def __init__(self) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
        self.setZValue(20)

    def boundingRect(self) -> QRectF:
        """Return the bounds in pixels."""
        reach = self.ARM + 3
        return QRectF(-reach, -reach, 2 * reach, 2 * reach)

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw a ring and four arms."""
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

    def layers(self) -> Iterable[Layer]:
        """Return the cross-hair as a layer of a figure."""
        yield Mark(self.pos().x(), self.pos().y(), "+", ink(QColor(colours().text)))


class MarkerLabel(pg.TextItem):
    """Name of a marker, beside it.

    Parameters
    ----------
    text : str
        The name.
    below : bool
        Whether it is to the lower left of the marker instead of the upper right.
    """

    def __init__(self, text: str, *, below: bool = False) -> None:
        super().__init__(text, anchor=(1, 0) if below else (0, 1))
        self.setZValue(25)

    def dress(self) -> None:
        """Apply the colours of the current theme."""
        c = colours()
        self.setColor(c.text)
        self.fill = pg.mkBrush(faint(c.base, 0.9))
        self.update()


class PathHandle(pg.TargetItem):
    """Draggable, labelled end of the path."""

    def __init__(self, letter: str) -> None:
        super().__init__(movable=True, size=18, symbol="o")
        self.setZValue(15)
        self.setLabel(letter, {"anchor": (0.5, 0.5), "offset": (0, 0), "color": "w"})

    def dress(self, rim: QPen) -> None:
        """Apply the accent colour, and an outline pen."""
        self.setPen(rim)
        self.setHoverPen(rim)
        self.setBrush(pg.mkBrush(colours().accent))
        self.setHoverBrush(pg.mkBrush(colours().text))
