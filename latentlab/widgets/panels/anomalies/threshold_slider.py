"""A slider over a histogram: what lies above it stands out."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QSlider, QWidget

from latentlab.widgets.kit.theme import UNIT, colours, faint, small

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

STEPS = 1000
BINS = 48
USUAL = 0.99
"""Share of the data that lies below the threshold at first."""


class ThresholdSlider(QSlider):
    """Chooses a value within the range of some data, and shows how they are spread.

    Heights grow with the square root of a bin's count, so that a lone outlier can be seen.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._low, self._high = 0.0, 1.0
        self._heights: NDArray[np.float64] = np.empty(0)
        self._text: Callable[[float], str] = str
        self.setRange(0, STEPS)
        self.setPageStep(STEPS // 20)
        self.setMinimumSize(12 * UNIT, 6 * UNIT)
        self.setMaximumHeight(24 * UNIT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_values(self, values: NDArray[np.float64], text: Callable[[float], str]) -> None:
        """Show data, those that are no numbers left out, and go to where few lie above."""
        known = values[np.isfinite(values)]
        self._text = text
        self._low, self._high = (
            (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        )
        counts, _ = np.histogram(known, BINS, (self._low, max(self._high, self._low + 1e-9)))
        self._heights = np.sqrt(counts / max(1, int(counts.max())))
        usual = float(np.quantile(known, USUAL)) if known.size else 0.0
        self.setValue(round(STEPS * (usual - self._low) / max(self._high - self._low, 1e-12)))
        self.update()

    @property
    def threshold(self) -> float:
        """The value chosen, in the data's unit."""
        return self._low + (self._high - self._low) * self.value() / STEPS

    @override
    def sizeHint(self) -> QSize:
        return QSize(24 * UNIT, 10 * UNIT)

    def _room(self) -> QRectF:
        return QRectF(self.rect()).adjusted(UNIT, UNIT // 2, -UNIT, -2 * UNIT)

    def _go(self, event: QMouseEvent) -> None:
        room = self._room()
        self.setValue(round(STEPS * (event.position().x() - room.left()) / max(1, room.width())))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to where the mouse is: the whole histogram is the slider."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._go(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the mouse while it is pressed."""
        if self.isSliderDown():
            self._go(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
        super().changeEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        c, room, painter = colours(), self._room(), QPainter(self)
        share = self.value() / STEPS
        wide = room.width() / max(1, len(self._heights))
        for i, height in enumerate(self._heights.tolist()):
            above = (i + 1) / len(self._heights) > share
            tall = max(1.0, height * room.height()) if height else 0.0
            bar = QRectF(room.left() + i * wide, room.bottom() - tall, max(1.0, wide - 1), tall)
            painter.fillRect(bar, QColor(c.accent) if above else faint(c.muted, 0.45))
        painter.fillRect(QRectF(room.left(), room.bottom(), room.width(), 1), QColor(c.border))
        self._draw_handle(painter, room.left() + share * room.width())
        painter.setFont(small(self.font()))
        painter.setPen(QColor(c.muted))
        ends = room.adjusted(0, room.height() + 2, 0, 2 * UNIT)
        for where, value in (("AlignLeft", self._low), ("AlignRight", self._high)):
            painter.drawText(ends, Qt.AlignmentFlag[where], self._text(value))

    def _draw_handle(self, painter: QPainter, x: float) -> None:
        c, room = colours(), self._room()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(c.text), 2))
        painter.drawLine(round(x), round(room.top()), round(x), round(room.bottom()))
        painter.setBrush(QColor(c.accent if self.hasFocus() else c.base))
        painter.drawEllipse(QRectF(x - 5, room.bottom() - 5, 10, 10))
