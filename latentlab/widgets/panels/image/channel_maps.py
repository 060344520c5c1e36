"""Channels of a spatial code as maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from latentlab.widgets.kit.images.image_view import draw_image, fitted
from latentlab.widgets.kit.images.qimage import to_qimage
from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    from PySide6.QtGui import QImage, QPaintEvent

    from latentlab.session.points import Point

MAX_SIDE = 44
MIN_RANGE = 1.0
"""Smallest value that is white, so that the noise of an empty code stays grey."""


class ChannelMaps(QWidget):
    """One grey map per channel: black and white are minus and plus the largest value of z."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._maps: list[QImage] = []
        self._limit = 0.0
        self.setFont(small(self.font()))
        self.setAccessibleName("Channels of z")
        self.setToolTip(
            "The code z as it is in the model: one map per channel. Grey is 0; black and white are "
            "minus and plus the largest value of z."
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_point(self, point: Point | None, shape: tuple[int, int, int] | None) -> None:
        """Show the channels of a point; without a shape the widget is hidden."""
        self.setVisible(shape is not None)
        if point is None or shape is None:
            return
        z = np.asarray(point.z, np.float32).reshape(shape)
        self._limit = max(MIN_RANGE, float(np.abs(z).max()))
        grey = (127.5 * (1 + z / self._limit)).round().astype(np.uint8)
        self._maps = [to_qimage(np.ascontiguousarray(channel)) for channel in grey]
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(4 * MAX_SIDE, MAX_SIDE + self.fontMetrics().height() + UNIT // 2)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        count, text = max(1, len(self._maps)), self.fontMetrics().height()
        side = min(MAX_SIDE, (self.width() - (count - 1) * UNIT) / count)
        left = (self.width() - count * side - (count - 1) * UNIT) / 2
        for i, channel in enumerate(self._maps):
            room = QRectF(left + i * (side + UNIT), 0, side, side)
            draw_image(painter, fitted(channel.size(), room), channel, smooth=False)
        painter.setPen(QColor(colours().muted))
        caption = f"channels of z, −{self._limit:.1f} to {self._limit:.1f}"
        below = QRectF(0, self.height() - text, self.width(), text)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignCenter), caption)
