"""Colour bar of a quantity."""

from __future__ import annotations

from typing import override

import pyqtgraph as pg
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from latentlab.widgets.kit.theme import UNIT, colours, small

BAR_WIDTH = 48


class ColourBar(QWidget):
    """Horizontal viridis bar from 0 to a number, in nats by default."""

    def __init__(self, unit: str = "nats", decimals: int = 1) -> None:
        super().__init__()
        self._text, self._unit, self._decimals = "", unit, decimals
        self.setFont(small(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def set_top(self, value: float) -> None:
        """Set the value of the brightest colour."""
        text = f"{value:.{self._decimals}f} {self._unit}".strip()
        if text != self._text:
            self._text = text
            self.setAccessibleName(f"Colours from 0 to {text}")
            self.updateGeometry()
            self.update()

    @override
    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        text = metrics.horizontalAdvance("0") + metrics.horizontalAdvance(self._text)
        return QSize(BAR_WIDTH + text + 2 * UNIT, metrics.height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        left = self.fontMetrics().horizontalAdvance("0") + UNIT // 2
        strip = QRectF(left, (self.height() - UNIT) / 2, BAR_WIDTH, UNIT)
        shades = pg.colormap.get("viridis")
        gradient = QLinearGradient(strip.topLeft(), strip.topRight())
        for i in range(9):
            gradient.setColorAt(i / 8, QColor(*shades.map(i / 8)))
        painter.fillRect(strip, gradient)
        painter.setPen(QColor(colours().muted))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect(), middle | Qt.AlignmentFlag.AlignLeft, "0")
        rest = self.rect().adjusted(left + BAR_WIDTH + UNIT // 2, 0, 0, 0)
        painter.drawText(rest, middle | Qt.AlignmentFlag.AlignLeft, self._text)
