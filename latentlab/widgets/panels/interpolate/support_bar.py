"""Bars below the images of a path: support of each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from latentlab.session.interpolation import EDGE, OFF, describe_level
from latentlab.widgets.kit.theme import colours

if TYPE_CHECKING:
    from latentlab.latent.support import Support
    from latentlab.widgets.kit.images.tile_view import ImageGrid

HEIGHT = 10
MIN_BAR_HEIGHT = 2
"""Minimum height of a bar in pixels, which keeps its colour visible."""


def level_colour(level: float) -> str:
    """Return the colour of a support level, see `session.interpolation.words`."""
    c = colours()
    if level <= EDGE:
        return c.fine
    return c.watch if level <= OFF else c.error


class SupportBar(QWidget):
    """One bar per step, whose height and colour show the support of the point.

    Parameters
    ----------
    view : ImageGrid
        View above the bars; if its tiles are in one row, each bar is below its tile.
    """

    hovered = Signal(int)
    """Step under the cursor; -1 when it leaves."""

    def __init__(self, view: ImageGrid, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self.support: Support | None = None
        self.setFixedHeight(HEIGHT)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Data support of each step")

    def set_support(self, support: Support | None) -> None:
        """Show the support of the steps; None hides the bars."""
        self.support = support
        self.setVisible(support is not None)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(120, HEIGHT)

    def bar_rect(self, step: int) -> QRectF:
        """Return the rectangle of a bar at full height."""
        assert self.support
        count = len(self.support.level)
        if self._view.columns >= count and not self._view.tile_rect(0).isEmpty():
            tile = self._view.tile_rect(step)
            left = self.mapFromGlobal(self._view.mapToGlobal(tile.topLeft())).x()
            return QRectF(left, 0, tile.width(), self.height())
        width = self.width() / count
        return QRectF(step * width, 0, width, self.height())

    def height_of(self, step: int) -> float:
        """Return the height of a bar in [0, 1]; 0 from level `OFF` on."""
        assert self.support
        return max(0.0, 1.0 - float(self.support.level[step]) / OFF)

    def text(self, step: int) -> str:
        """Return the tooltip of a step: its support in words and numbers."""
        s = self.support
        if s is None or not 0 <= step < len(s.level):
            return ""
        count = int(s.near[step])
        codes = "1 code" if count == 1 else f"{count:,} codes"
        return (
            f"Step {step + 1} of {len(s.level)}: {describe_level(float(s.level[step]))}. {codes} "
            f"within {s.radius[step]:.2g}, density {s.density[step]:.2g} × typical, distance to "
            f"the nearest code {s.nearest[step]:.1f} × typical."
        )

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self.support is None:
            return
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        for step in range(len(self.support.level)):
            rect = self.bar_rect(step)
            gap = 1 if rect.width() > 4 else 0
            height = max(float(MIN_BAR_HEIGHT), self.height_of(step) * rect.height())
            bar = QRectF(rect.x() + gap / 2, 1, rect.width() - gap, height - 1)
            painter.fillRect(bar, QColor(level_colour(float(self.support.level[step]))))

    def _step_at(self, x: float) -> int:
        if self.support is None:
            return -1
        steps = range(len(self.support.level))
        inside = (i for i in steps if self.bar_rect(i).left() <= x < self.bar_rect(i).right() + 1)
        return next(inside, -1)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
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
