"""Mouse and keyboard navigation in a grid of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, override

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from PySide6.QtCore import QPointF

STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
CONFIRM = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class Grid(Protocol):
    """Interface of a grid of images; cells are numbered row by row."""

    @property
    def count(self) -> int:
        """Number of cells."""

    @property
    def columns(self) -> int:
        """Number of cells in a row."""

    def index_at(self, place: QPointF) -> int:
        """Return the cell at a position on the surface, or -1."""


class GridNavigation(QObject):
    """Tracks the current cell of a grid.

    Parameters
    ----------
    grid : Grid and QWidget
        Grid that has the keyboard focus.
    surface : QWidget, optional
        Widget that receives the mouse events, such as a viewport; the grid by default.
    """

    hovered = Signal(int)
    """Cell under the cursor or reached by key; -1 when the cursor leaves."""
    chosen = Signal(int)
    """Cell that was clicked or activated with Enter or Space."""
    reached = Signal(int)
    """Cell about to become current by key, which the view may have to scroll to."""

    def __init__(self, grid: Grid, surface: QWidget | None = None) -> None:
        assert isinstance(grid, QWidget)
        super().__init__(grid)
        self._grid: Grid = grid
        self._surface: QWidget = surface or grid
        self._key_press = QEvent.Type.KeyPress, grid
        self._leave_events = (QEvent.Type.Leave, self._surface), (QEvent.Type.FocusOut, grid)
        self.current = -1
        """Current cell, or -1."""
        for watched in {grid, self._surface}:
            watched.installEventFilter(self)
        self._surface.setMouseTracking(True)

    def set_current(self, index: int) -> None:
        """Set the current cell, or -1 for none, without emitting `hovered`."""
        if index != self.current:
            self.current = index
            self._surface.update()

    def point_at(self, index: int) -> None:
        """Set the current cell, or -1 for none, and emit `hovered`."""
        if index != self.current:
            self.set_current(index)
            self.hovered.emit(index)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if isinstance(event, QMouseEvent) and watched is self._surface:
            if kind is QEvent.Type.MouseMove:
                self.point_at(self._grid.index_at(event.position()))
            elif kind is QEvent.Type.MouseButtonPress:
                self._press(event)
        elif (kind, watched) in self._leave_events:
            self.point_at(-1)
        elif isinstance(event, QKeyEvent) and (kind, watched) == self._key_press:
            return self._handle_key(Qt.Key(event.key()))
        return False

    def _press(self, event: QMouseEvent) -> None:
        index = self._grid.index_at(event.position())
        if index >= 0 and event.button() is Qt.MouseButton.LeftButton:
            self.point_at(index)
            self.chosen.emit(index)

    def _handle_key(self, key: Qt.Key) -> bool:
        """Move with the arrow keys, activate with Enter or Space; return whether it is handled."""
        if key in STEPS and self._grid.count:
            across, down = STEPS[key]
            target = self.current + across + down * self._grid.columns if self.current >= 0 else 0
            if 0 <= target < self._grid.count:
                self.reached.emit(target)
                self.point_at(target)
            return True
        if key in CONFIRM and self.current >= 0:
            self.chosen.emit(self.current)
            return True
        return False
