"""View of the source image with a crop frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath
from PySide6.QtWidgets import QSizePolicy, QWidget

from latentlab.widgets.kit.images.image_view import draw_image, fitted
from latentlab.widgets.kit.images.qimage import to_qimage
from latentlab.widgets.kit.theme import colours, faint, small
from latentlab.widgets.panels.own_image.paint_area import STEPS

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPaintEvent, QWheelEvent

    from latentlab.data.own_image.crop import CropBox, OwnImage

GRAB_DISTANCE = 10
"""Distance in pixels from a corner within which a press grabs the corner."""
ZOOM = 1.1
ZOOM_KEYS = {Qt.Key.Key_Plus: ZOOM, Qt.Key.Key_Equal: ZOOM, Qt.Key.Key_Minus: 1 / ZOOM}
KEY_STEP = 0.02
"""Step of an arrow key, as a fraction of the image's longer side."""


class CropView(QWidget):
    """View that moves and resizes a crop frame of fixed proportions.

    Drag or arrow keys move the frame; a corner, the wheel, or + and - resize it.
    """

    framed = Signal(object, bool)
    """New ``CropBox``; False until the mouse button or key is released."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._own: OwnImage | None = None
        self.frame: CropBox | None = None
        self._grip: str = ""
        self._last = QPointF()
        self._unsettled = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(96, 96)
        self.setMouseTracking(True)
        self.setAccessibleName("Part of the image")
        self.setToolTip(
            "Drag the frame to choose the part that is encoded. To resize it, drag a corner, "
            "turn the wheel, or press + and -. Arrow keys move it."
        )

    def set_own(self, own: OwnImage | None) -> None:
        """Show an image and its crop frame; None clears the view."""
        if own is None or self._own is None or own.source is not self._own.source:
            self._image = self._shown_image(own)
            self._grip = ""
        elif own.fitting.invert is not self._own.fitting.invert:
            self._image = self._shown_image(own)
        elif self._grip:
            return  # the answer is older than the frame being dragged
        self._own = own
        self.frame = own.fitting.frame if own else None
        self.update()

    @staticmethod
    def _shown_image(own: OwnImage | None) -> QImage | None:
        """Return the image as the model gets it: inverted if the preprocessing inverts it."""
        if own is None:
            return None
        pixels = own.source.pixels
        return to_qimage(255 - pixels if own.fitting.invert else pixels)

    @property
    def own(self) -> OwnImage | None:
        """Image that is shown."""
        return self._own

    @override
    def sizeHint(self) -> QSize:
        return QSize(280, 280)

    def room(self) -> QRectF:
        """Return the rectangle of the image, in widget coordinates."""
        size = self._image.size() if self._image else QSize(1, 1)
        return fitted(size * 64, QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def frame_rect(self) -> QRectF:
        """Return the rectangle of the crop frame, in widget coordinates."""
        if self.frame is None:
            return QRectF()
        rect, scale = self.room(), self._scale()
        return QRectF(
            rect.x() + self.frame.left * scale,
            rect.y() + self.frame.top * scale,
            self.frame.width * scale,
            self.frame.height * scale,
        )

    def _scale(self) -> float:
        return self.room().width() / self._image.width() if self._image else 1.0

    def _set_frame(self, frame: CropBox, *, settled: bool) -> None:
        if frame != self.frame or settled:
            self.frame = frame
            self._unsettled = not settled
            self.update()
            self.framed.emit(frame, settled)

    def _grip_at(self, pos: QPointF) -> str:
        rect = self.frame_rect()
        corners = (rect.topLeft(), rect.topRight(), rect.bottomLeft(), rect.bottomRight())
        if any((corner - pos).manhattanLength() <= GRAB_DISTANCE for corner in corners):
            return "corner"
        return "inside" if rect.contains(pos) else ""

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.frame:
            self._grip, self._last = self._grip_at(event.position()), event.position()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move or resize the frame; without a grip, set the cursor shape."""
        pos = event.position()
        if not self._grip or self.frame is None or self._own is None:
            shapes = {
                "corner": Qt.CursorShape.SizeFDiagCursor,
                "inside": Qt.CursorShape.SizeAllCursor,
            }
            self.setCursor(shapes.get(self._grip_at(pos), Qt.CursorShape.ArrowCursor))
            return
        size = self._own.source.size
        if self._grip == "inside":
            step = (pos - self._last) / self._scale()
            frame = self.frame.moved(step.x(), step.y(), size)
        else:
            centre = self.frame_rect().center()
            before, after = (self._last - centre), (pos - centre)
            radius = max(1.0, (before.x() ** 2 + before.y() ** 2) ** 0.5)
            frame = self.frame.scaled((after.x() ** 2 + after.y() ** 2) ** 0.5 / radius, size)
        self._last = pos
        self._set_frame(frame, settled=False)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._grip:
            self._grip = ""
            self._settle()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.frame and self._own:
            factor = ZOOM ** (-event.angleDelta().y() / 120)
            self._set_frame(self.frame.scaled(factor, self._own.source.size), settled=True)
        event.accept()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self.frame and self._own and key in STEPS:
            size = self._own.source.size
            step = KEY_STEP * max(size)
            frame = self.frame.moved(STEPS[key][0] * step, STEPS[key][1] * step, size)
            self._set_frame(frame, settled=not event.isAutoRepeat())
        elif self.frame and self._own and key in ZOOM_KEYS:
            frame = self.frame.scaled(ZOOM_KEYS[key], self._own.source.size)
            self._set_frame(frame, settled=not event.isAutoRepeat())
        else:
            super().keyPressEvent(event)

    @override
    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Settle the frame when a key is released."""
        if not event.isAutoRepeat():
            self._settle()
        super().keyReleaseEvent(event)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusInEvent(event)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._settle()
        self.update()
        super().focusOutEvent(event)

    def _settle(self) -> None:
        if self._unsettled and self.frame:
            self._set_frame(self.frame, settled=True)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        c = colours()
        if self._image is None:
            painter.setPen(QColor(c.muted))
            painter.setFont(small(self.font()))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), int(flags), "Open, paste or drop an image.")
            return
        bounds, rect = self.room(), self.frame_rect()
        draw_image(painter, bounds, self._image, smooth=True)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outside = QPainterPath()
        outside.addRect(bounds)
        inside = QPainterPath()
        inside.addRect(rect)
        painter.fillPath(outside.subtracted(inside), faint(c.base, 0.65))
        painter.setPen(QColor(c.accent))
        painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setBrush(QColor(c.accent if self.hasFocus() else c.base))
        for corner in (rect.topLeft(), rect.topRight(), rect.bottomLeft(), rect.bottomRight()):
            painter.drawRect(QRectF(corner.x() - 4, corner.y() - 4, 8, 8))
