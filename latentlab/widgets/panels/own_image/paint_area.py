"""Base of the widgets that are painted on with the mouse or the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from latentlab.widgets.kit.images.image_view import fitted
from latentlab.widgets.kit.theme import colours, small

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent

STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
STEP = 1 / 28
"""Step of an arrow key, as a fraction of the longer side."""


class PaintArea(QWidget):
    """Translates mouse and key events into strokes, in fractions of the image's width and height.

    Arrow keys move the pen, Space puts it down and lifts it.

    Parameters
    ----------
    caption : str
        Text shown while there is nothing to paint on.
    """

    def __init__(self, caption: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = QSize(1, 1)
        self._caption = caption
        self._down = False
        self._pen: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(96, 96)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def ready(self) -> bool:
        """Return whether there is something to paint on."""
        return True

    def begin(self, place: QPointF) -> None:
        """Begin a stroke."""
        raise NotImplementedError

    def go_on(self, place: QPointF) -> None:
        """Continue the stroke to a position."""
        raise NotImplementedError

    def finish(self) -> None:
        """End the stroke."""
        raise NotImplementedError

    @override
    def sizeHint(self) -> QSize:
        return QSize(280, 280)

    def set_proportions(self, width: int, height: int) -> None:
        """Set the width and height of the image."""
        self._size = QSize(width, height)
        self.update()

    def room(self) -> QRectF:
        """Return the rectangle of the image, in widget coordinates."""
        # Scaled up to the widget, even if the image has few pixels.
        return fitted(self._size * 64, QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def place_of(self, pixel: QPointF) -> QPointF:
        """Return a widget position in fractions of the image."""
        rect = self.room()
        return QPointF(
            (pixel.x() - rect.x()) / rect.width(), (pixel.y() - rect.y()) / rect.height()
        )

    def pixel_of(self, place: QPointF) -> QPointF:
        """Return the widget position of a point given in fractions of the image."""
        rect = self.room()
        return QPointF(rect.x() + place.x() * rect.width(), rect.y() + place.y() * rect.height())

    def draw_frame(self, painter: QPainter) -> None:
        """Draw the border of the image, and the pen if it was moved by keys."""
        c = colours()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(c.accent if self.hasFocus() else c.border))
        painter.drawRect(self.room().adjusted(-0.5, -0.5, 0.5, 0.5))
        if self._pen is not None and self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for colour, width in ((c.base, 4.0), (c.accent, 2.0)):
                painter.setPen(QPen(QColor(colour), width))
                painter.drawEllipse(self.pixel_of(self._pen), 5, 5)

    def draw_caption(self, painter: QPainter) -> None:
        """Draw the caption."""
        painter.setPen(QColor(colours().muted))
        painter.setFont(small(self.font()))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(self.rect(), int(flags), self._caption)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.ready():
            self._lift()
            self._pen = None
            self._down = True
            self.begin(self.place_of(event.position()))

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._down and event.buttons() & Qt.MouseButton.LeftButton:
            self.go_on(self.place_of(event.position()))

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._lift()

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and self.keeps(event):  # type: ignore[arg-type]
            event.accept()
            return True
        return super().event(event)

    def keeps(self, event: QKeyEvent) -> bool:
        """Return whether this widget handles a key instead of the window's shortcuts."""
        return event.key() == Qt.Key.Key_Space

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = STEPS.get(Qt.Key(event.key()))
        if not self.ready() or (step is None and event.key() != Qt.Key.Key_Space):
            super().keyPressEvent(event)
            return
        pen = self._pen or QPointF(0.5, 0.5)
        if step is None:
            if self._down:
                self._lift()
            else:
                self._down = True
                self.begin(pen)
        else:
            length = STEP * max(self._size.width(), self._size.height())
            dx, dy = step[0] * length / self._size.width(), step[1] * length / self._size.height()
            pen = QPointF(min(max(pen.x() + dx, 0), 1), min(max(pen.y() + dy, 0), 1))
            if self._down:
                self.go_on(pen)
        self._pen = pen
        self.update()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._lift()
        super().focusOutEvent(event)

    def _lift(self) -> None:
        if self._down:
            self._down = False
            self.finish()
