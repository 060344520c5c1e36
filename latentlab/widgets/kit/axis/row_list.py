"""List of rows of equal height, of which only those in view are built."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QEvent, QSize, Signal, Slot
from PySide6.QtWidgets import QApplication, QWidget

from latentlab.widgets.kit.axis.row_scroll_area import RowScrollArea

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QResizeEvent

BUILT_BEYOND_VIEW = 4
"""Rows that are built before and after those in view: the next ones for keyboard and wheel."""
MIN_BUILT = 24
"""Rows that are built at least: short lists are built as a whole."""


class RowList[Row: QWidget](QWidget):
    """Inside of a scroll area with as many rows as wanted, from a few widgets.

    A widget that scrolls out of view shows the row that scrolls in, unless it has focus or mouse.

    Parameters
    ----------
    make : callable
        Returns a new widget for a row, all of the same height.
    spacing : int
        Pixels between two rows.
    """

    shown = Signal(QWidget, int)
    """A widget shows the row of an index from now on."""

    def __init__(self, make: Callable[[], Row], spacing: int) -> None:
        super().__init__()
        self._make, self._spacing = make, spacing
        self._count = self._height = 0
        self._at: dict[int, Row] = {}
        """The widget of each index that is built."""
        self._spare: list[Row] = []
        self.rows: list[Row] = []
        """The built rows in order."""
        self.area = RowScrollArea(self, lambda: self.row_height)
        self.area.scrolled.connect(self._build)

    @property
    def row_height(self) -> int:
        """Height of a row with its spacing; 0 with fewer than two rows."""
        return self._height if self._count > 1 else 0

    def show_rows(self, count: int) -> None:
        """Show `count` rows; each one that is built is shown again."""
        self._count = count
        for index in [index for index in self._at if index >= count]:
            self._free(index)
        for index, row in self._at.items():
            self.shown.emit(row, index)
        self._build()
        self._arrange()
        self.updateGeometry()

    @override
    def minimumSizeHint(self) -> QSize:
        width = max((row.minimumSizeHint().width() for row in self.rows), default=0)
        return QSize(width, self._count * self._height)

    @override
    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._arrange()
        return super().event(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    @Slot()
    def _build(self) -> None:
        """Build the rows in view and near it, from the widgets of those that are no longer."""
        wanted = self._wanted()
        in_use = [QApplication.focusWidget(), QWidget.mouseGrabber()]
        for index in [index for index in self._at if index not in wanted]:
            if not any(used and self._at[index].isAncestorOf(used) for used in in_use):
                self._free(index)
        new = [index for index in wanted if index not in self._at]
        for index in new:
            self._at[index] = row = self._spare.pop() if self._spare else self._make()
            row.setParent(self)
            self.shown.emit(row, index)
            row.show()
        self.rows[:] = [self._at[index] for index in sorted(self._at)]
        if new:
            self._arrange()

    def _wanted(self) -> range:
        """Return the indices in view and near it."""
        first = self.area.verticalScrollBar().value() // max(1, self._height)
        seen = self.area.viewport().height() // self._height + 1 if self._height else 1
        beyond = max(BUILT_BEYOND_VIEW, (MIN_BUILT - seen + 1) // 2)
        first = max(0, min(first - beyond, self._count - seen - 2 * beyond))
        return range(first, min(self._count, first + seen + 2 * beyond))

    def _free(self, index: int) -> None:
        row = self._at.pop(index)
        row.hide()
        self._spare.append(row)

    def _arrange(self) -> None:
        """Place the built rows; again if their height follows their width."""
        if self._place():
            self._place()
            self.updateGeometry()

    def _place(self) -> bool:
        """Place the built rows; return whether their height is another one than before."""
        needed = max((row.sizeHint().height() for row in self.rows), default=0)
        before, self._height = self._height, needed + self._spacing if needed else self._height
        for index, row in self._at.items():
            row.setGeometry(0, index * self._height, self.width(), self._height - self._spacing)
        return self._height != before
