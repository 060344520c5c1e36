"""Card beside the cursor with the images under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from latentlab.widgets.kit.images.image_view import draw_image, fitted, to_qimage
from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDE = 72


class HoverCard(QWidget):
    """Decoded point and, left of it, the nearby image of the data set."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._container = parent
        self._pictures: list[tuple[str, QImage]] = []
        self.setFont(small(self.font()))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def set_pictures(
        self, decoded: NDArray[np.uint8] | None, image: NDArray[np.uint8] | None = None
    ) -> None:
        """Show a decoded point if there is a decoder, and the image near it if there is one."""
        given = (("image", image), ("decoded", decoded))
        self._pictures = [(name, to_qimage(pixels)) for name, pixels in given if pixels is not None]
        self.resize(self._content_size())
        self.update()

    @property
    def captions(self) -> list[str]:
        """Captions of the images, from left to right."""
        return [caption for caption, _ in self._pictures]

    def _content_size(self) -> QSize:
        text_height = self.fontMetrics().height() if len(self._pictures) > 1 else 0
        count = len(self._pictures)
        return QSize(count * SIDE + (count - 1) * 2 + 2, SIDE + text_height + 2)

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
        for i, (caption, image) in enumerate(self._pictures):
            left = 1 + i * (SIDE + 2)
            draw_image(
                painter, fitted(image.size(), QRectF(left, 1, SIDE, SIDE)), image, smooth=False
            )
            if len(self._pictures) > 1:
                painter.setPen(QColor(colours().muted))
                below = QRectF(left, SIDE + 1, SIDE, self.height() - SIDE - 2)
                painter.drawText(below, int(Qt.AlignmentFlag.AlignCenter), caption)
        painter.setPen(QColor(colours().accent))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
