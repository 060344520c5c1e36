"""A grid of plots in as many columns as there is room for."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panels.curves.smoothing import columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

ROW_HEIGHT = 96


class PlotGrid(QScrollArea):
    """Shares its room among widgets, and scrolls where it is too little."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inside = QWidget()
        self._grid = QGridLayout(self._inside)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(UNIT)
        self._widgets: list[QWidget] = []
        self._placed: object = None
        self.setWidget(self._inside)

    def show_widgets(self, widgets: Sequence[QWidget]) -> None:
        """Show these and no others; the caller deletes those that went."""
        if list(widgets) != self._widgets:
            self._widgets = list(widgets)
            self._arrange()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        size = self.viewport().size()
        across = columns(len(self._widgets), size.width(), size.height())
        if (across, self._widgets) == self._placed:
            return
        self._placed = (across, self._widgets)
        while self._grid.count():
            self._grid.takeAt(0)
        for i, widget in enumerate(self._widgets):
            self._grid.addWidget(widget, *divmod(i, across))
        for row in range(self._grid.rowCount()):
            used = row * across < len(self._widgets)
            self._grid.setRowStretch(row, int(used))
            self._grid.setRowMinimumHeight(row, ROW_HEIGHT if used else 0)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, int(column < across))
