"""Bars under the pictures of a way: how much data stands behind each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from latentlab.session.interpolation import EDGE, OFF, words
from latentlab.widgets.kit.theme import colours

if TYPE_CHECKING:
    from latentlab.latent.support import Support
    from latentlab.widgets.kit.images.tile_view import TileView

HEIGHT = 10
LEAST = 2
"""Pixels of a bar that stands for nothing: its colour must still be seen."""


def level_colour(level: float) -> str:
    """Return the colour of a level, see `session.interpolation.words`."""
    c = colours()
    if level <= EDGE:
        return c.fine
    return c.watch if level <= OFF else c.error


class SupportBar(QWidget):
    """One bar per step, as tall as there is data, coloured by how usual its place is.

    Parameters
    ----------
    view : TileView
        Above it; where its tiles stand in one row, each bar stands under its own.
    """

    hovered = Signal(int)
    """The step under the cursor; -1 when it leaves."""

    def __init__(self, view: TileView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self.support: Support | None = None
        self.setFixedHeight(HEIGHT)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Support of each step")

    def set_support(self, support: Support | None) -> None:
        """Show what stands behind the steps, or nothing."""
        self.support = support
        self.setVisible(support is not None)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(120, HEIGHT)

    def bar_rect(self, step: int) -> QRectF:
        """Return the room of a bar, from its floor to the tallest it can be."""
        assert self.support
        count = len(self.support.level)
        if self._view.columns >= count and not self._view.tile_rect(0).isEmpty():
            tile = self._view.tile_rect(step)
            left = self.mapFromGlobal(self._view.mapToGlobal(tile.topLeft())).x()
            return QRectF(left, 0, tile.width(), self.height())
        width = self.width() / count
        return QRectF(step * width, 0, width, self.height())

    def height_of(self, step: int) -> float:
        """Return how tall a bar is, of 1: nothing is left of it where the map ends."""
        assert self.support
        return max(0.0, 1.0 - float(self.support.level[step]) / OFF)

    def text(self, step: int) -> str:
        """Return a step's support in words and numbers."""
        s = self.support
        if s is None or not 0 <= step < len(s.level):
            return ""
        near = int(s.near[step])
        codes = "1 code" if near == 1 else f"{near:,} codes"
        return (
            f"Step {step + 1} of {len(s.level)}: {words(float(s.level[step]))}. "
            f"{codes} within {s.radius[step]:.2g}, density {s.density[step]:.2g} × the usual, "
            f"nearest code {s.nearest[step]:.1f} × as far as usual."
        )

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self.support is None:
            return
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        for step in range(len(self.support.level)):
            room = self.bar_rect(step)
            gap = 1 if room.width() > 4 else 0
            tall = max(float(LEAST), self.height_of(step) * room.height())
            bar = QRectF(room.x() + gap / 2, 1, room.width() - gap, tall - 1)
            painter.fillRect(bar, QColor(level_colour(float(self.support.level[step]))))

    def _step_at(self, x: float) -> int:
        if self.support is None:
            return -1
        steps = range(len(self.support.level))
        inside = (i for i in steps if self.bar_rect(i).left() <= x < self.bar_rect(i).right() + 1)
        return next(inside, -1)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at the step above."""
        self.hovered.emit(self._step_at(event.position().x()))

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(-1)

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.text(self._step_at(event.pos().x())), self)
            return True
        return super().event(event)
