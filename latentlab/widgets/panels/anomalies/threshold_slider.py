"""Slider over a histogram, with the bars above the threshold highlighted."""

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
INITIAL_QUANTILE = 0.99
"""Quantile of the data at the initial threshold."""


class ThresholdSlider(QSlider):
    """Slider that selects a value within the range of the data, over their histogram.

    Bar heights are the square roots of the counts, so that a single outlier is visible.
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
        """Show the histogram of the finite values, and set the threshold to a high quantile."""
        finite = values[np.isfinite(values)]
        self._text = text
        self._low, self._high = (
            (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        )
        counts, _ = np.histogram(finite, BINS, (self._low, max(self._high, self._low + 1e-9)))
        self._heights = np.sqrt(counts / max(1, int(counts.max())))
        initial = float(np.quantile(finite, INITIAL_QUANTILE)) if finite.size else 0.0
        self.setValue(round(STEPS * (initial - self._low) / max(self._high - self._low, 1e-12)))
        self.update()

    @property
    def threshold(self) -> float:
        """Selected value, in the unit of the data."""
        return self._low + (self._high - self._low) * self.value() / STEPS

    @override
    def sizeHint(self) -> QSize:
        return QSize(24 * UNIT, 10 * UNIT)

    def _bars_rect(self) -> QRectF:
        return QRectF(self.rect()).adjusted(UNIT, UNIT // 2, -UNIT, -2 * UNIT)

    def _set_from_mouse(self, event: QMouseEvent) -> None:
        rect = self._bars_rect()
        self.setValue(round(STEPS * (event.position().x() - rect.left()) / max(1, rect.width())))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._set_from_mouse(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._set_from_mouse(event)

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
        c, rect, painter = colours(), self._bars_rect(), QPainter(self)
        fraction = self.value() / STEPS
        width = rect.width() / max(1, len(self._heights))
        for i, height in enumerate(self._heights.tolist()):
            above = (i + 1) / len(self._heights) > fraction
            h = max(1.0, height * rect.height()) if height else 0.0
            bar = QRectF(rect.left() + i * width, rect.bottom() - h, max(1.0, width - 1), h)
            painter.fillRect(bar, QColor(c.accent) if above else faint(c.muted, 0.45))
        painter.fillRect(QRectF(rect.left(), rect.bottom(), rect.width(), 1), QColor(c.border))
        self._draw_handle(painter, rect.left() + fraction * rect.width())
        painter.setFont(small(self.font()))
        painter.setPen(QColor(c.muted))
        ends = rect.adjusted(0, rect.height() + 2, 0, 2 * UNIT)
        for alignment, value in (("AlignLeft", self._low), ("AlignRight", self._high)):
            painter.drawText(ends, Qt.AlignmentFlag[alignment], self._text(value))

    def _draw_handle(self, painter: QPainter, x: float) -> None:
        c, rect = colours(), self._bars_rect()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(c.text), 2))
        painter.drawLine(round(x), round(rect.top()), round(x), round(rect.bottom()))
        painter.setBrush(QColor(c.accent if self.hasFocus() else c.base))
        painter.drawEllipse(QRectF(x - 5, rect.bottom() - 5, 10, 10))
