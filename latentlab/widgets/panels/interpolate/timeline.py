"""Timeline of a path: the playhead, and the keys at their times."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from latentlab.session.points import Loop
from latentlab.widgets.kit.theme import colours, small

if TYPE_CHECKING:
    from latentlab.session.points import LatentPath

HEIGHT = 24
MARGIN = 12
GRAB_DISTANCE = 7
"""Distance in pixels within which a press selects a key."""
KEY_STEP = 0.02
EARLIEST, LATEST = 0.01, 0.99


class Timeline(QWidget):
    """Track from A to B: click or drag to scrub, drag keys in time, Delete removes a key."""

    scrubbed = Signal(float)
    """Time of the playhead in [0, 1]; -1 when the cursor leaves."""
    moved = Signal(int, float, bool)
    """Index of a key, its new time in [0, 1], and whether it was released."""
    removed = Signal(int)
    chosen = Signal(int)
    """Index of the key whose point becomes z."""
    confirmed = Signal()
    """The step at the playhead becomes z."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ends: LatentPath | None = None
        self.time = -1.0
        self.selected = -1
        self._pressed = False
        self._moving = False
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Timeline")
        self.setToolTip(
            "Drag to move along the path. Diamonds are waypoints: drag one to move it in time, "
            "double-click it to set z to it, press Del to remove it. By keyboard: the arrow keys "
            "move along the path, Up and Down choose a waypoint, Ctrl+arrow keys move it."
        )

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, HEIGHT)

    def show_ends(self, ends: LatentPath | None) -> None:
        """Show another path, or none."""
        if ends is self._ends:
            return
        self._ends = ends
        if self.selected >= len(ends.keys if ends else ()):
            self.selected = -1
        self.update()

    def show_time(self, time: float) -> None:
        """Move the playhead; -1 hides it."""
        self.time = time
        self.update()

    @property
    def _scale(self) -> float:
        """Fraction of the track from A to B: 1, or less if the path returns to A."""
        return self._ends.stops()[len(self._ends.keys) + 1].time if self._ends else 1.0

    def key_place(self, index: int) -> QPointF:
        """Return the centre of a key, in widget coordinates."""
        assert self._ends
        return QPointF(self._x(self._ends.keys[index].time * self._scale), HEIGHT / 2)

    def _x(self, time: float) -> float:
        return MARGIN + time * (self.width() - 2 * MARGIN)

    def _time_at(self, x: float) -> float:
        return min(1.0, max(0.0, (x - MARGIN) / max(1, self.width() - 2 * MARGIN)))

    def _key_at(self, x: float) -> int:
        keys = range(len(self._ends.keys) if self._ends else 0)
        distances = [(abs(self.key_place(i).x() - x), i) for i in keys]
        nearest = min(distances, default=(GRAB_DISTANCE + 1.0, -1))
        return nearest[1] if nearest[0] <= GRAB_DISTANCE else -1

    def _put(self, time: float, *, dropped: bool) -> None:
        """Move the selected key, which stays selected when it passes another one."""
        assert self._ends
        time = min(LATEST, max(EARLIEST, time))
        others = [key.time for i, key in enumerate(self._ends.keys) if i != self.selected]
        index, self.selected = self.selected, sum(other <= time for other in others)
        self.moved.emit(index, time, dropped)

    def _scrub(self, time: float) -> None:
        self.show_time(time)
        self.scrubbed.emit(time)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the key at the cursor, else move the playhead."""
        if self._ends is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        self.selected = self._key_at(event.position().x())
        self._pressed, self._moving = True, False
        if self.selected < 0:
            self._scrub(self._time_at(event.position().x()))
        self.update()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._pressed:
            return
        time = self._time_at(event.position().x())
        if self.selected >= 0:
            self._moving = True
            self._put(time / self._scale, dropped=False)
        else:
            self._scrub(time)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._moving and self.selected >= 0:
            self._put(self._time_at(event.position().x()) / self._scale, dropped=True)
        self._pressed = self._moving = False

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Choose the key at the cursor, else confirm the step."""
        key = self._key_at(event.position().x())
        if key >= 0:
            self.chosen.emit(key)
        else:
            self.confirmed.emit()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        if not self._pressed and self.time >= 0:
            self._scrub(-1.0)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, keys = Qt.Key(event.key()), len(self._ends.keys) if self._ends else 0
        direction = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(key, 0)
        if self._ends and direction and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if self.selected >= 0:
                self._put(self._ends.keys[self.selected].time + direction * KEY_STEP, dropped=True)
        elif self._ends and direction:
            self._scrub(min(1.0, max(0.0, self.time + direction / (self._ends.steps - 1))))
        elif keys and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.selected = (self.selected + (1 if key is Qt.Key.Key_Up else -1)) % keys
            self.update()
        elif self.selected >= 0 and key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            index, self.selected = self.selected, -1
            self.removed.emit(index)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.selected >= 0:
                self.chosen.emit(self.selected)
            else:
                self.confirmed.emit()
        else:
            super().keyPressEvent(event)

    @override
    def focusOutEvent(self, event: QEvent) -> None:
        if self.time >= 0:
            self._scrub(-1.0)
        self.update()

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            handled = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Delete, Qt.Key.Key_Return)
            if Qt.Key(event.key()) in handled:
                event.accept()
                return True
        if event.type() == QEvent.Type.ToolTip and self._pressed:
            QToolTip.hideText()
            return True
        return super().event(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._ends is None:
            return
        c, painter, middle = colours(), QPainter(self), HEIGHT / 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(c.border), 2))
        painter.drawLine(QPointF(self._x(0), middle), QPointF(self._x(1), middle))
        steps = self._ends.steps
        if steps * 3 < self.width():
            painter.setPen(QPen(QColor(c.border), 1))
            for i in range(steps):
                x = self._x(i / (steps - 1))
                painter.drawLine(QPointF(x, middle - 4), QPointF(x, middle + 4))
        if self.time >= 0:
            painter.setPen(QPen(QColor(c.accent), 2))
            painter.drawLine(
                QPointF(self._x(self.time), 1), QPointF(self._x(self.time), HEIGHT - 1)
            )
        self._draw_ends(painter)
        for i in range(len(self._ends.keys)):
            self._draw_key(painter, self.key_place(i), i == self.selected)

    def _draw_ends(self, painter: QPainter) -> None:
        assert self._ends
        c, font = colours(), small(self.font())
        font.setBold(True)
        painter.setFont(font)
        ends = [("A", 0.0), ("B", self._scale)]
        if self._ends.loop is Loop.ROUND:
            ends.append(("A", 1.0))
        for name, time in ends:
            center = QPointF(self._x(time), HEIGHT / 2)
            painter.setPen(QPen(QColor(c.accent if self.hasFocus() else c.muted), 1))
            painter.setBrush(QColor(c.base))
            painter.drawEllipse(center, 8, 8)
            painter.setPen(QColor(c.text))
            rect = (int(center.x()) - 8, int(center.y()) - 8, 17, 16)
            painter.drawText(*rect, int(Qt.AlignmentFlag.AlignCenter), name)

    def _draw_key(self, painter: QPainter, at: QPointF, selected: bool) -> None:
        c = colours()
        r = 6 if selected else 5
        painter.setPen(QPen(QColor(c.text if selected else c.accent), 1.5))
        painter.setBrush(QColor(c.accent))
        corners = [QPointF(0, -r), QPointF(r, 0), QPointF(0, r), QPointF(-r, 0)]
        painter.drawPolygon(QPolygonF([at + corner for corner in corners]))
