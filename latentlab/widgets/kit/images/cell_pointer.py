"""Pointing at one of many images in a grid, with the mouse or by keys."""

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
    """What a grid of images tells of its cells, which are counted row by row."""

    @property
    def count(self) -> int:
        """How many cells there are."""

    @property
    def columns(self) -> int:
        """How many stand side by side."""

    def index_at(self, place: QPointF) -> int:
        """Return the cell at a place of the surface, or -1."""


class CellPointer(QObject):
    """Knows which cell of a grid is pointed at.

    Parameters
    ----------
    grid : Grid and QWidget
        Takes the keys.
    surface : QWidget, optional
        What the mouse moves over, such as the viewport of a scroll area; the grid by default.
    """

    hovered = Signal(int)
    """The cell under the cursor or reached by key; -1 when it leaves."""
    chosen = Signal(int)
    """A cell that was clicked or confirmed with Enter or Space."""
    reached = Signal(int)
    """A cell that is about to be pointed at by key, and may have to be scrolled to."""

    def __init__(self, grid: Grid, surface: QWidget | None = None) -> None:
        assert isinstance(grid, QWidget)
        super().__init__(grid)
        self._grid: Grid = grid
        self._surface: QWidget = surface or grid
        self._key_press = QEvent.Type.KeyPress, grid
        self._endings = (QEvent.Type.Leave, self._surface), (QEvent.Type.FocusOut, grid)
        self.current = -1
        """The cell that is pointed at, or -1."""
        for watched in {grid, self._surface}:
            watched.installEventFilter(self)
        self._surface.setMouseTracking(True)

    def set_current(self, index: int) -> None:
        """Point at a cell, or at none with -1, without emitting `hovered`."""
        if index != self.current:
            self.current = index
            self._surface.update()

    def point_at(self, index: int) -> None:
        """Point at a cell, or at none with -1."""
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
        elif (kind, watched) in self._endings:
            self.point_at(-1)
        elif isinstance(event, QKeyEvent) and (kind, watched) == self._key_press:
            return self._take_key(Qt.Key(event.key()))
        return False

    def _press(self, event: QMouseEvent) -> None:
        index = self._grid.index_at(event.position())
        if index >= 0 and event.button() is Qt.MouseButton.LeftButton:
            self.point_at(index)
            self.chosen.emit(index)

    def _take_key(self, key: Qt.Key) -> bool:
        """Walk with the arrow keys, choose with Enter or Space; say whether the key was one."""
        if key in STEPS and self._grid.count:
            across, down = STEPS[key]
            there = self.current + across + down * self._grid.columns if self.current >= 0 else 0
            if 0 <= there < self._grid.count:
                self.reached.emit(there)
                self.point_at(there)
            return True
        if key in CONFIRM and self.current >= 0:
            self.chosen.emit(self.current)
            return True
        return False
