"""View of one image, scaled to fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from latentlab.widgets.kit.export.content import Content, one_image
from latentlab.widgets.kit.export.exporting import Exporting
from latentlab.widgets.kit.images.qimage import to_qimage
from latentlab.widgets.kit.theme import colours, small

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ImageView(QWidget):
    """Shows one image, scaled to fit with its aspect ratio.

    Parameters
    ----------
    caption : str
        Text without an image.
    """

    def __init__(self, caption: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._pixels: NDArray[np.uint8] | None = None
        self._caption = caption
        self._smooth = False
        self._frame: QColor | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(48, 48)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.exporting = Exporting(self, self._content, part=self._part)

    def set_pixels(self, pixels: NDArray[np.uint8] | None) -> None:
        """Show an image, or none."""
        if pixels is self._pixels:
            return
        self._pixels = pixels
        self._image = None if pixels is None else to_qimage(pixels)
        self.update()

    def set_caption(self, caption: str) -> None:
        """Set the text that is shown without an image."""
        if caption != self._caption:
            self._caption = caption
            self.update()

    def _content(self) -> Content | None:
        return None if self._pixels is None else Content(one_image(self._pixels))

    def _part(self, _: QPointF) -> Content | None:
        return self.exporting.offer()

    def set_smooth(self, smooth: bool) -> None:
        """Set whether to interpolate when enlarging; otherwise pixels stay square."""
        self._smooth = smooth
        self.update()

    def set_frame(self, colour: QColor | None) -> None:
        """Set the colour of the frame, or None for no frame."""
        if colour != self._frame:
            self._frame = colour
            self.update()

    @property
    def image(self) -> QImage | None:
        """Current image."""
        return self._image

    @override
    def sizeHint(self) -> QSize:
        return QSize(240, 240)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is None:
            draw_caption(painter, self, self._caption)
            return
        rect = fitted(self._image.size(), QRectF(self.rect()))
        draw_image(painter, rect, self._image, self._smooth)
        if self._frame:
            painter.setPen(self._frame)
            painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))


def draw_caption(painter: QPainter, widget: QWidget, caption: str) -> None:
    """Draw the caption of an empty widget in its centre."""
    painter.setPen(QColor(colours().muted))
    painter.setFont(small(widget.font()))
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(widget.rect(), int(flags), caption)


def draw_image(painter: QPainter, rect: QRectF, image: QImage, smooth: bool) -> None:
    """Draw an image scaled to a rectangle; it is interpolated if `smooth` or when shrunk."""
    device = painter.device()
    shrunk = rect.width() * device.devicePixelRatio() < image.width()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth or shrunk)
    painter.drawImage(rect, image)


def fitted(size: QSize, room: QRectF) -> QRectF:
    """Return the largest rectangle with the aspect ratio of `size`, centred in `room`."""
    scale = min(room.width() / max(1, size.width()), room.height() / max(1, size.height()))
    width, height = size.width() * scale, size.height() * scale
    rect = QRectF(0, 0, round(width), round(height))
    rect.moveCenter(room.center())
    rect.moveTo(round(rect.x()), round(rect.y()))
    return rect
