"""Scroll area that shows whole rows only."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QScrollArea, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QResizeEvent
    from PySide6.QtWidgets import QGridLayout


class RowScrollArea(QScrollArea):
    """Shows as many rows as fit, and scrolls by rows, so that none is cut.

    Parameters
    ----------
    inside : QWidget
        Widget with rows of equal height.
    row_height : callable
        Returns the height of a row with its spacing; 0 with fewer than two rows.
    """

    scrolled = Signal()
    """Other rows may be in view."""

    def __init__(
        self, inside: QWidget, row_height: Callable[[], int], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._inside, self._row_height = inside, row_height
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inside)
        self._fit_timer = QTimer(self, singleShot=True, interval=0)
        self._fit_timer.timeout.connect(self._fit)
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._on_range)
        bar.valueChanged.connect(self._snap)
        bar.rangeChanged.connect(self.scrolled)
        bar.valueChanged.connect(self.scrolled)

    @property
    def row_height(self) -> int:
        """Height of a row with its spacing; 0 with fewer than two rows."""
        return self._row_height()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_timer.start()
        self.scrolled.emit()

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


def height_of_grid_rows(grid: QGridLayout) -> int:
    """Return the height of a row of a grid with its spacing; 0 with fewer than two rows."""
    first, second = (grid.cellRect(row, 0) for row in (0, 1))
    return second.top() - first.top() if second.isValid() else 0
