"""Colour bar of the map for numeric colourings."""

from __future__ import annotations

from typing import override

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from latentlab.widgets.kit.scatter.point_colours import viridis_palette
from latentlab.widgets.kit.theme import UNIT, colours, small

STOPS = 12


class ColourScale(QWidget):
    """Colour gradient between two numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts = ("", "", "")
        self.setFont(small(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("The highest and the lowest 0.5 % of the values share the end colours.")
        self.hide()

    def show_range(self, title: str, unit: str, ends: tuple[float, float]) -> None:
        """Show the title, unit and limits of the values."""
        low, high = (f"{end:.3g}" for end in ends)
        self._texts = (title, low, f"{high} {unit}".rstrip())
        self.setAccessibleName(f"Colours: {title} from {low} to {self._texts[2]}")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().height() + UNIT // 2)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QColor(colours().muted))
        _, low, high = self._texts
        middle = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        painter.drawText(self.rect(), middle, low)
        left = self.fontMetrics().horizontalAdvance(low) + UNIT
        right = self.width() - self.fontMetrics().horizontalAdvance(high) - UNIT
        strip = QRectF(left, (self.height() - UNIT) / 2, max(0, min(right - left, 20 * UNIT)), UNIT)
        gradient = QLinearGradient(strip.topLeft(), strip.topRight())
        shades = viridis_palette()
        for i in range(STOPS + 1):
            shade = shades[i * (len(shades) - 1) // STOPS].tolist()
            gradient.setColorAt(i / STOPS, QColor(*shade))
        painter.fillRect(strip, gradient)
        painter.drawText(QRectF(strip.right() + UNIT, 0, self.width(), self.height()), middle, high)
