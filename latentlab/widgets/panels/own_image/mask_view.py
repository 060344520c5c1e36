"""View of an image whose parts can be masked with a brush."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import QPointF, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter

from latentlab.widgets.kit.images.image_view import draw_image
from latentlab.widgets.kit.images.qimage import to_qimage
from latentlab.widgets.kit.theme import colours
from latentlab.widgets.panels.own_image.paint_area import PaintArea

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QPaintEvent
    from PySide6.QtWidgets import QWidget

OPACITY = 0.6


class MaskView(PaintArea):
    """Image drawn with sharp pixels; masked pixels have the accent colour."""

    changed = Signal()
    """The mask changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Draw, open or paste an image first.", parent)
        self._pixels: NDArray[np.uint8] | None = None
        self.hidden: NDArray[np.bool_] = np.zeros((1, 1), bool)
        self.brush, self.erasing = 0.18, False
        self._last = QPointF()
        self.setAccessibleName("Hidden part")
        self.setToolTip(
            "Paint over the part that the model fills in. By keyboard: the arrow keys move the "
            "brush, Space starts and ends painting."
        )

    @override
    def ready(self) -> bool:
        return self._pixels is not None

    def set_pixels(self, pixels: NDArray[np.uint8] | None) -> None:
        """Show an image, or none; another image resets the mask, the same image keeps it."""
        old, self._pixels = self._pixels, pixels
        if pixels is not None and (old is None or not np.array_equal(old, pixels)):
            if self.hidden.shape != pixels.shape[:2]:
                self.set_proportions(pixels.shape[1], pixels.shape[0])
            self._set_mask(np.zeros(pixels.shape[:2], bool))
        self.update()

    def show_mask(self, hidden: NDArray[np.bool_]) -> None:
        """Show the mask of an inpainting, if it fits and none is painted."""
        if hidden.shape == self.hidden.shape and not self.hidden.any():
            self._set_mask(hidden)

    @Slot()
    def clear(self) -> None:
        """Clear the mask."""
        self._set_mask(np.zeros_like(self.hidden))

    @Slot()
    def invert(self) -> None:
        """Invert the mask."""
        self._set_mask(~self.hidden)

    @override
    def begin(self, place: QPointF) -> None:
        self._last = place
        self._stamp(place)

    @override
    def go_on(self, place: QPointF) -> None:
        delta = place - self._last
        height, width = self.hidden.shape
        steps = int(max(abs(delta.x()) * width, abs(delta.y()) * height)) + 1
        for i in range(1, steps + 1):
            self._stamp(self._last + delta * (i / steps))
        self._last = place

    @override
    def finish(self) -> None:
        self.changed.emit()

    def _stamp(self, place: QPointF) -> None:
        height, width = self.hidden.shape
        y, x = np.ogrid[:height, :width]
        distance = np.hypot(x + 0.5 - place.x() * width, y + 0.5 - place.y() * height)
        inside = distance <= max(0.75, self.brush * max(height, width) / 2)
        self.hidden = self.hidden & ~inside if self.erasing else self.hidden | inside
        self.update()

    def _set_mask(self, hidden: NDArray[np.bool_]) -> None:
        self.hidden = hidden
        self.update()
        self.changed.emit()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._pixels is None:
            self.draw_caption(painter)
            return
        draw_image(painter, self.room(), to_qimage(self._pixels), smooth=False)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(self.room(), self._mask_image())
        self.draw_frame(painter)

    def _mask_image(self) -> QImage:
        height, width = self.hidden.shape
        colour = QColor(colours().accent)
        colour.setAlphaF(OPACITY)
        values = np.where(self.hidden, np.uint32(colour.rgba()), np.uint32(0))
        layout = QImage.Format.Format_ARGB32
        return QImage(values.tobytes(), width, height, 4 * width, layout).copy()
