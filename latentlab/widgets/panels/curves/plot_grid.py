"""Rows of plots whose arrangement follows their area."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panels.curves.arrangement import MIN_ROW_HEIGHT, best_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

    from latentlab.widgets.panels.curves.arrangement import Rows


class PlotGrid(QScrollArea):
    """Divides its area among widgets; if it is too low, it scrolls by whole rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(MIN_ROW_HEIGHT)
        self._inside = QWidget()
        self._grid = QGridLayout(self._inside)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(UNIT)
        self._grid.setVerticalSpacing(0)
        self._widgets: list[QWidget] = []
        self._arranged: object = None
        self.setWidget(self._inside)

    def show_widgets(self, widgets: Sequence[QWidget]) -> None:
        """Show these widgets only; the caller deletes the removed ones."""
        if list(widgets) != self._widgets:
            self._widgets = list(widgets)
            self._arrange()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        # Not the viewport: its scroll bar depends on the arrangement.
        width, height = self.contentsRect().width(), self.contentsRect().height()
        rows = best_rows(len(self._widgets), width, height)
        row_height = height // max(1, min(len(rows), height // MIN_ROW_HEIGHT))
        self._inside.setMinimumHeight(row_height * len(rows))
        self.verticalScrollBar().setSingleStep(row_height)
        if (rows, self._widgets) != self._arranged:
            self._arranged = (rows, self._widgets)
            self._fill(rows)

    def _fill(self, rows: Rows) -> None:
        """Put the widgets into the cells; a widget alone in its row spans all columns."""
        while self._grid.count():
            self._grid.takeAt(0)
        columns, widgets = max(rows, default=1), iter(self._widgets)
        for row, count in enumerate(rows):
            span = columns if count == 1 and row == 0 else 1
            for column in range(count):
                self._grid.addWidget(next(widgets), row, column, 1, span)
        for row in range(self._grid.rowCount()):
            self._grid.setRowStretch(row, int(row < len(rows)))
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, int(column < columns))
