"""A small canvas to draw a picture on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import QPointF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QImage, QKeySequence, QPainter, QPainterPath, QPen

from latentlab.session.history import History
from latentlab.widgets.panels.own_image.paint_area import PaintArea

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QKeyEvent, QPaintEvent
    from PySide6.QtWidgets import QWidget

LONGER = 448
"""Pixels along the longer side of what is drawn: more than any model wants."""
LIVE_MS = 50
"""Time between two reports of a drawing that goes on."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """One movement of the pen, in shares of the canvas; without places it fills the canvas."""

    places: tuple[tuple[float, float], ...]
    width: float
    colour: str


class DrawCanvas(PaintArea):
    """Remembers strokes, so that they can be taken back one by one."""

    drawn = Signal(bool)
    """Something was drawn; False while the hand has not let go."""
    changed = Signal()
    """There is something to take back, or to clear, or no longer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._colour = False
        self._ground = "#000000"
        self.pen, self.pen_width, self.erasing = "#ffffff", 0.08, False
        self._history: History[tuple[Stroke, ...]] = History(())
        self._stroke: Stroke | None = None
        self._image = QImage()
        self._live = QTimer(self)
        self._live.setSingleShot(True)
        self._live.setInterval(LIVE_MS)
        self._live.timeout.connect(self._tell)
        self.setAccessibleName("Canvas")
        self.setToolTip(
            "Draw here. By keyboard: arrows move the pen, Space puts it down and lifts it; "
            "Ctrl+Z takes the last stroke back."
        )
        self.prepare(1, 1, colour=False)

    def prepare(self, width: int, height: int, *, colour: bool) -> None:
        """Get ready to draw pictures of these proportions; what was drawn stays if it can."""
        if (width, height) != (self._size.width(), self._size.height()) or self._image.isNull():
            self.set_proportions(width, height)
        if colour != self._colour:
            self._colour = colour
            self._ground, self.pen = ("#ffffff", "#1c2230") if colour else ("#000000", "#ffffff")
            self._history = History(())
        self._redraw()

    @property
    def strokes(self) -> tuple[Stroke, ...]:
        """What has been drawn."""
        return self._history.current

    @property
    def can_undo(self) -> bool:
        """Whether there is a stroke to take back."""
        return self._history.can_undo

    def pixels(self) -> NDArray[np.uint8]:
        """Return what is drawn, with shape (H, W), or (H, W, 3) in colour."""
        layout = QImage.Format.Format_RGB888 if self._colour else QImage.Format.Format_Grayscale8
        image = self._image.convertToFormat(layout)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
        width = image.width() * (3 if self._colour else 1)
        rows = rows[:, :width].copy()
        return rows.reshape(image.height(), image.width(), 3) if self._colour else rows

    @Slot()
    def undo(self) -> None:
        """Take the last stroke back."""
        self._show(self._history.undo)

    @Slot()
    def redo(self) -> None:
        """Draw the stroke taken back again."""
        self._show(self._history.redo)

    @Slot()
    def clear(self) -> None:
        """Begin anew; this too can be taken back."""
        self._show(lambda: self._history.push(()))

    @Slot()
    def fill(self) -> None:
        """Fill the canvas with the pen's colour."""
        self._show(lambda: self._history.push((Stroke((), 0.0, self.pen),)))

    def _show(self, act: object) -> None:
        before = self.strokes
        act()  # type: ignore[operator]
        if self.strokes != before:
            self._redraw()
            self.changed.emit()
            self.drawn.emit(True)

    @override
    def begin(self, place: QPointF) -> None:
        colour = self._ground_now() if self.erasing else self.pen
        self._stroke = Stroke(((place.x(), place.y()),), self.pen_width, colour)
        self._paint(self._stroke)
        self._live.start()

    @override
    def go_on(self, place: QPointF) -> None:
        if self._stroke:
            last = self._stroke.places[-1]
            here = (place.x(), place.y())
            self._stroke = replace(self._stroke, places=(*self._stroke.places, here))
            self._paint(replace(self._stroke, places=(last, here)))
            if not self._live.isActive():
                self._live.start()

    @override
    def finish(self) -> None:
        stroke, self._stroke = self._stroke, None
        self._live.stop()
        if stroke:
            self._history.push((*self.strokes, stroke))
            # Drawn piece by piece, its soft edges are too hard where pieces meet.
            self._redraw()
            self.changed.emit()
            self.drawn.emit(True)

    @Slot()
    def _tell(self) -> None:
        if self._stroke:
            self.drawn.emit(False)

    def _ground_now(self) -> str:
        fills = [stroke.colour for stroke in self.strokes if not stroke.places]
        return fills[-1] if fills else self._ground

    def _redraw(self) -> None:
        scale = LONGER / max(self._size.width(), self._size.height())
        size = QSize(*(max(1, round(scale * s)) for s in self._size.toTuple()))
        self._image = QImage(size, QImage.Format.Format_RGB32)
        self._image.fill(QColor(self._ground))
        for stroke in self.strokes:
            self._paint(stroke)
        self.update()

    def _paint(self, stroke: Stroke) -> None:
        if not stroke.places:
            self._image.fill(QColor(stroke.colour))
            self.update()
            return
        wide, tall = self._image.width(), self._image.height()
        places = [QPointF(x * wide, y * tall) for x, y in stroke.places]
        painter = QPainter(self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(stroke.colour), stroke.width * max(wide, tall))
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
        """See `PaintArea.keeps`; strokes are taken back before z is."""
        undo, redo = QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo
        taken = (event.matches(undo) and self._history.can_undo) or (
            event.matches(redo) and self._history.can_redo
        )
        return taken or super().keeps(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take strokes back and draw them again."""
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
