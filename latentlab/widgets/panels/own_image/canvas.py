"""Canvas to draw an image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import QPointF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QImage, QKeySequence, QPainter, QPainterPath, QPen

from latentlab.session.undo.history import History
from latentlab.widgets.panels.own_image.paint_area import PaintArea

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QKeyEvent, QPaintEvent
    from PySide6.QtWidgets import QWidget

CANVAS_SIZE = 448
"""Longer side of the drawing in pixels: more than any model needs."""
STROKE_SIGNAL_MS = 50
"""Milliseconds between two signals during a stroke."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """Pen stroke, in fractions of the canvas; without places it fills the canvas."""

    places: tuple[tuple[float, float], ...]
    width: float
    colour: str


class DrawCanvas(PaintArea):
    """Canvas that stores strokes, with undo and redo."""

    drawn = Signal(bool)
    """Something was drawn; False during a stroke."""
    changed = Signal()
    """The stored strokes changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._colour = False
        self._base = "#000000"
        self.pen, self.pen_width, self.erasing = "#ffffff", 0.08, False
        self._history: History[tuple[Stroke, ...]] = History(())
        self._stroke: Stroke | None = None
        self._image = QImage()
        self._live = QTimer(self)
        self._live.setSingleShot(True)
        self._live.setInterval(STROKE_SIGNAL_MS)
        self._live.timeout.connect(self._emit_progress)
        self.setAccessibleName("Canvas")
        self.setToolTip(
            "Draw here. By keyboard: the arrow keys move the pen, Space starts and ends a "
            "stroke, Ctrl+Z removes the last stroke."
        )
        self.prepare(1, 1, colour=False)

    def prepare(self, width: int, height: int, *, colour: bool) -> None:
        """Set proportions and colour mode; another colour mode discards the strokes."""
        if (width, height) != (self._size.width(), self._size.height()) or self._image.isNull():
            self.set_proportions(width, height)
        if colour != self._colour:
            self._colour = colour
            self._base, self.pen = ("#ffffff", "#1c2230") if colour else ("#000000", "#ffffff")
            self._history = History(())
            self.changed.emit()
        self._redraw()

    @property
    def strokes(self) -> tuple[Stroke, ...]:
        """Stored strokes."""
        return self._history.current

    @property
    def can_undo(self) -> bool:
        """Whether a stroke can be undone."""
        return self._history.can_undo

    def pixels(self) -> NDArray[np.uint8]:
        """Return the drawing, shape (H, W), or (H, W, 3) in colour."""
        layout = QImage.Format.Format_RGB888 if self._colour else QImage.Format.Format_Grayscale8
        image = self._image.convertToFormat(layout)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
        width = image.width() * (3 if self._colour else 1)
        rows = rows[:, :width].copy()
        return rows.reshape(image.height(), image.width(), 3) if self._colour else rows

    @Slot()
    def undo(self) -> None:
        """Undo the last stroke."""
        self._apply(self._history.undo)

    @Slot()
    def redo(self) -> None:
        """Redo the last undone stroke."""
        self._apply(self._history.redo)

    @Slot()
    def clear(self) -> None:
        """Remove all strokes; this can be undone."""
        self._apply(lambda: self._history.push(()))

    @Slot()
    def fill(self) -> None:
        """Fill the canvas with the pen's colour."""
        self._apply(lambda: self._history.push((Stroke((), 0.0, self.pen),)))

    def _apply(self, act: object) -> None:
        before = self.strokes
        act()  # type: ignore[operator]
        if self.strokes != before:
            self._redraw()
            self.changed.emit()
            self.drawn.emit(True)

    @override
    def begin(self, place: QPointF) -> None:
        colour = self._current_base() if self.erasing else self.pen
        self._stroke = Stroke(((place.x(), place.y()),), self.pen_width, colour)
        self._paint(self._stroke)
        self._live.start()

    @override
    def go_on(self, place: QPointF) -> None:
        if self._stroke:
            last = self._stroke.places[-1]
            pos = (place.x(), place.y())
            self._stroke = replace(self._stroke, places=(*self._stroke.places, pos))
            self._paint(replace(self._stroke, places=(last, pos)))
            if not self._live.isActive():
                self._live.start()

    @override
    def finish(self) -> None:
        stroke, self._stroke = self._stroke, None
        self._live.stop()
        if stroke:
            self._history.push((*self.strokes, stroke))
            # Draw the whole stroke: antialiased edges are too hard where its segments meet.
            self._redraw()
            self.changed.emit()
            self.drawn.emit(True)

    @Slot()
    def _emit_progress(self) -> None:
        if self._stroke:
            self.drawn.emit(False)

    def _current_base(self) -> str:
        fills = [stroke.colour for stroke in self.strokes if not stroke.places]
        return fills[-1] if fills else self._base

    def _redraw(self) -> None:
        scale = CANVAS_SIZE / max(self._size.width(), self._size.height())
        size = QSize(*(max(1, round(scale * s)) for s in self._size.toTuple()))
        self._image = QImage(size, QImage.Format.Format_RGB32)
        self._image.fill(QColor(self._base))
        for stroke in self.strokes:
            self._paint(stroke)
        self.update()

    def _paint(self, stroke: Stroke) -> None:
        if not stroke.places:
            self._image.fill(QColor(stroke.colour))
            self.update()
            return
        width, height = self._image.width(), self._image.height()
        places = [QPointF(x * width, y * height) for x, y in stroke.places]
        painter = QPainter(self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(stroke.colour), stroke.width * max(width, height))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        if len(places) == 1:
            painter.drawPoint(places[0])
        else:
            path = QPainterPath(places[0])
            for place in places[1:]:
                path.lineTo(place)
            painter.drawPath(path)
        painter.end()
        self.update()

    @override
    def keeps(self, event: QKeyEvent) -> bool:
        """See `PaintArea.keeps`; undo and redo change strokes before z."""
        undo, redo = QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo
        handled = (event.matches(undo) and self._history.can_undo) or (
            event.matches(redo) and self._history.can_redo
        )
        return handled or super().keeps(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Undo) and self._history.can_undo:
            self.undo()
        elif event.matches(QKeySequence.StandardKey.Redo) and self._history.can_redo:
            self.redo()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(self.room(), self._image)
        self.draw_frame(painter)
