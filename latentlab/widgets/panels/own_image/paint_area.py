"""What can be painted upon, with a mouse or with the keys."""

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
"""How far an arrow key moves the pen, as a share of the longer side."""


class PaintArea(QWidget):
    """Turns presses, moves and keys into strokes, in shares of a picture's width and height.

    Arrow keys move a pen, Space puts it down and lifts it.

    Parameters
    ----------
    caption : str
        Shown where there is nothing to paint upon.
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
        """Say whether there is something to paint upon."""
        return True

    def begin(self, place: QPointF) -> None:
        """Put the brush down."""
        raise NotImplementedError

    def go_on(self, place: QPointF) -> None:
        """Draw the brush to a place."""
        raise NotImplementedError

    def finish(self) -> None:
        """Lift the brush."""
        raise NotImplementedError

    @override
    def sizeHint(self) -> QSize:
        return QSize(280, 280)

    def set_proportions(self, width: int, height: int) -> None:
        """Say how wide and how tall the picture is."""
        self._size = QSize(width, height)
        self.update()

    def room(self) -> QRectF:
        """Return where the picture is drawn."""
        # As large as there is room, however few pixels it has.
        return fitted(self._size * 64, QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def place_of(self, pixel: QPointF) -> QPointF:
        """Return a place of the widget in shares of the picture."""
        room = self.room()
        return QPointF(
            (pixel.x() - room.x()) / room.width(), (pixel.y() - room.y()) / room.height()
        )

    def pixel_of(self, place: QPointF) -> QPointF:
        """Return where on the widget a place of the picture is."""
        room = self.room()
        return QPointF(room.x() + place.x() * room.width(), room.y() + place.y() * room.height())

    def draw_frame(self, painter: QPainter) -> None:
        """Draw an edge around the picture, and the pen where the keys have moved it."""
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
        """Say what is missing."""
        painter.setPen(QColor(colours().muted))
        painter.setFont(small(self.font()))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(self.rect(), int(flags), self._caption)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke."""
        if event.button() == Qt.MouseButton.LeftButton and self.ready():
            self._lift()
            self._pen = None
            self._down = True
            self.begin(self.place_of(event.position()))

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with a stroke."""
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
        """Say whether a key is meant for this widget rather than for the window."""
        return event.key() == Qt.Key.Key_Space

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the pen with the arrows, put it down and lift it with Space."""
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
            longer = STEP * max(self._size.width(), self._size.height())
            dx, dy = step[0] * longer / self._size.width(), step[1] * longer / self._size.height()
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
