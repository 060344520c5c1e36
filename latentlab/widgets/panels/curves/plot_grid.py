"""Grid of plots whose number of columns follows its size."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panels.curves.smoothing import best_column_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

ROW_HEIGHT = 96


class PlotGrid(QScrollArea):
    """Grid that divides its area among widgets, and scrolls if the area is too small."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inside = QWidget()
        self._grid = QGridLayout(self._inside)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(UNIT)
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
        size = self.viewport().size()
        column_count = best_column_count(len(self._widgets), size.width(), size.height())
        if (column_count, self._widgets) == self._arranged:
            return
        self._arranged = (column_count, self._widgets)
        while self._grid.count():
            self._grid.takeAt(0)
        for i, widget in enumerate(self._widgets):
            self._grid.addWidget(widget, *divmod(i, column_count))
        for row in range(self._grid.rowCount()):
            used = row * column_count < len(self._widgets)
            self._grid.setRowStretch(row, int(used))
            self._grid.setRowMinimumHeight(row, ROW_HEIGHT if used else 0)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, int(column < column_count))
