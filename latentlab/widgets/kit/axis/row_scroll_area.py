"""Scroll area that shows whole rows only."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent


class RowScrollArea(QScrollArea):
    """Shows as many rows of a grid as fit, and scrolls by rows, so that none is cut.

    Parameters
    ----------
    grid : QGridLayout
        Rows of equal height, each of `lines` rows of the grid.
    lines : int
        Grid rows per row.
    """

    def __init__(self, grid: QGridLayout, lines: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid, self._lines = grid, lines
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inside = QWidget()
        self._inside.setLayout(grid)
        self.setWidget(self._inside)
        self._fit_timer = QTimer(self, singleShot=True, interval=0)
        self._fit_timer.timeout.connect(self._fit)
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._on_range)
        bar.valueChanged.connect(self._snap)

    @property
    def row_height(self) -> int:
        """Height of a row with its spacing; 0 with fewer than two rows."""
        first, second = (self._grid.cellRect(row, 0) for row in (0, self._lines))
        return second.top() - first.top() if second.isValid() else 0

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_timer.start()

    @Slot()
    def _on_range(self) -> None:
        self._fit_timer.start()

    @Slot()
    def _fit(self) -> None:
        """Leave the part of a row below the last whole one empty."""
        height, row = self.contentsRect().height(), self.row_height
        scrolls = 0 < row <= height < self._inside.minimumSizeHint().height()
        self.setViewportMargins(0, 0, 0, height % row if scrolls else 0)
        if row > 0:
            self.verticalScrollBar().setSingleStep(row)
            self._snap(self.verticalScrollBar().value())

    @Slot(int)
    def _snap(self, value: int) -> None:
        """Scroll to the beginning of a row."""
        bar, row = self.verticalScrollBar(), self.row_height
        if row > 0 and value < bar.maximum() and value % row:
            bar.setValue(min(round(value / row) * row, bar.maximum()))
