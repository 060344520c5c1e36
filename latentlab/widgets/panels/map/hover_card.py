"""Card beside the cursor with the images under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from latentlab.widgets.kit.images.image_view import draw_image, fitted
from latentlab.widgets.kit.images.qimage import to_qimage
from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

SIDE = 72


class HoverCard(QWidget):
    """Images in a row, each above its caption."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._container = parent
        self._pictures: list[tuple[str, QImage]] = []
        self.setFont(small(self.font()))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def set_pictures(self, pictures: Iterable[tuple[str, NDArray[np.uint8]]]) -> None:
        """Show images, pairs of a caption and pixels."""
        self._pictures = [(caption, to_qimage(pixels)) for caption, pixels in pictures]
        self.resize(self._content_size())
        self.update()

    @property
    def captions(self) -> list[str]:
        """Captions of the images, from left to right."""
        return [caption for caption, _ in self._pictures]

    @property
    def _widths(self) -> list[int]:
        """Width of each image with its caption, in pixels."""
        metrics = self.fontMetrics()
        texts = (metrics.horizontalAdvance(caption) for caption in self.captions)
        return [max(SIDE, width + UNIT // 2) for width in texts]

    def _content_size(self) -> QSize:
        widths = self._widths
        return QSize(sum(widths) + 2 * len(widths), SIDE + self.fontMetrics().height() + 2)

    def stand_beside(self, pixel: QPoint) -> None:
        """Move beside a pixel of the parent, where the cursor does not cover the card."""
        bounds, width, height = self._container.rect(), self.width(), self.height()
        right = pixel.x() + 2 * UNIT
        x = right if right + width < bounds.width() else pixel.x() - 2 * UNIT - width
        above = pixel.y() - 2 * UNIT - height
        y = above if above > 0 else pixel.y() + 2 * UNIT
        self.move(max(0, x), y)
        self.raise_()
        self.show()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours().raised))
        left = 1
        for (caption, image), width in zip(self._pictures, self._widths, strict=True):
            place = fitted(image.size(), QRectF(left, 1, width, SIDE))
            draw_image(painter, place, image, smooth=False)
            painter.setPen(QColor(colours().muted))
            below = QRectF(left, SIDE + 1, width, self.height() - SIDE - 2)
            painter.drawText(below, int(Qt.AlignmentFlag.AlignCenter), caption)
            left += width + 2
        painter.setPen(QColor(colours().accent))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
