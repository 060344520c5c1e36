"""A picture of which parts can be hidden with a brush."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import QPointF, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter

from latentlab.widgets.kit.images.image_view import draw, to_image
from latentlab.widgets.kit.theme import colours
from latentlab.widgets.panels.own_image.paint_area import PaintArea

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QPaintEvent
    from PySide6.QtWidgets import QWidget

OPACITY = 0.6


class MaskView(PaintArea):
    """Shows a picture pixel by pixel, and what of it is hidden in the accent colour."""

    changed = Signal()
    """More or less is hidden."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Draw, open or paste a picture first.", parent)
        self._pixels: NDArray[np.uint8] | None = None
        self.hidden: NDArray[np.bool_] = np.zeros((1, 1), bool)
        self.brush, self.erasing = 0.18, False
        self._last = QPointF()
        self.setAccessibleName("What is hidden")
        self.setToolTip(
            "Paint over what the model shall fill in. By keyboard: arrows move the brush, "
            "Space puts it down and lifts it."
        )

    @override
    def ready(self) -> bool:
        return self._pixels is not None

    def set_pixels(self, pixels: NDArray[np.uint8] | None) -> None:
        """Show a picture, or none; another picture has nothing hidden, the same keeps it."""
        old, self._pixels = self._pixels, pixels
        if pixels is not None and (old is None or not np.array_equal(old, pixels)):
            if self.hidden.shape != pixels.shape[:2]:
                self.set_proportions(pixels.shape[1], pixels.shape[0])
            self._hide(np.zeros(pixels.shape[:2], bool))
        self.update()

    @Slot()
    def clear(self) -> None:
        """Hide nothing."""
        self._hide(np.zeros_like(self.hidden))

    @Slot()
    def invert(self) -> None:
        """Hide what is seen, and show what is hidden."""
        self._hide(~self.hidden)

    @override
    def begin(self, place: QPointF) -> None:
        self._last = place
        self._dab(place)

    @override
    def go_on(self, place: QPointF) -> None:
        way = place - self._last
        height, width = self.hidden.shape
        steps = int(max(abs(way.x()) * width, abs(way.y()) * height)) + 1
        for i in range(1, steps + 1):
            self._dab(self._last + way * (i / steps))
        self._last = place

    @override
    def finish(self) -> None:
        self.changed.emit()

    def _dab(self, place: QPointF) -> None:
        height, width = self.hidden.shape
        y, x = np.ogrid[:height, :width]
        away = np.hypot(x + 0.5 - place.x() * width, y + 0.5 - place.y() * height)
        near = away <= max(0.75, self.brush * max(height, width) / 2)
        self.hidden = self.hidden & ~near if self.erasing else self.hidden | near
        self.update()

    def _hide(self, hidden: NDArray[np.bool_]) -> None:
        self.hidden = hidden
        self.update()
        self.changed.emit()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._pixels is None:
            self.draw_caption(painter)
            return
        draw(painter, self.room(), to_image(self._pixels), smooth=False)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(self.room(), self._veil())
        self.draw_frame(painter)

    def _veil(self) -> QImage:
        height, width = self.hidden.shape
        colour = QColor(colours().accent)
        colour.setAlphaF(OPACITY)
        values = np.where(self.hidden, np.uint32(colour.rgba()), np.uint32(0))
        layout = QImage.Format.Format_ARGB32
        return QImage(values.tobytes(), width, height, 4 * width, layout).copy()
