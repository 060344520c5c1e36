"""Layout that wraps widgets into lines."""

from __future__ import annotations

from typing import override

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSpacerItem, QWidget


class FlowLayout(QLayout):
    """Places widgets from left to right and wraps to the next line at the right edge.

    Parameters
    ----------
    spacing : int
        Pixels between widgets and between lines.
    """

    def __init__(self, spacing: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._stretches: list[int] = []
        # Qt asks for the same widths many times in one pass of layout.
        self._heights: dict[int, int] = {}
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    @override
    def addWidget(self, widget: QWidget, stretch: int = 0) -> None:
        """Append a widget; with a stretch it takes a share of the width that its line leaves."""
        super().addWidget(widget)
        self._stretches[-1] = stretch

    def addStretch(self, stretch: int = 1) -> None:
        """Append space that takes a share of the width that its line leaves."""
        self.addItem(QSpacerItem(0, 0))
        self._stretches[-1] = stretch

    @override
    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)
        self._stretches.append(0)

    @override
    def count(self) -> int:
        return len(self._items)

    @override
    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    @override
    def takeAt(self, index: int) -> QLayoutItem | None:
        if not 0 <= index < len(self._items):
            return None
        self._stretches.pop(index)
        return self._items.pop(index)

    @override
    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def invalidate(self) -> None:
        self._heights.clear()
        super().invalidate()

    @override
    def heightForWidth(self, width: int) -> int:
        if width not in self._heights:
            self._heights[width] = self._arrange(QRect(0, 0, width, 0), apply=False)
        return self._heights[width]

    @override
    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, apply=True)

    @override
    def sizeHint(self) -> QSize:
        return self.minimumSize()

    @override
    def minimumSize(self) -> QSize:
        size = QSize(0, 0)
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _arrange(self, rect: QRect, *, apply: bool) -> int:
        y = rect.y()
        for line in self._lines(rect.width()):
            height = max((item.sizeHint().height() for item, _, _ in line), default=0)
            if apply:
                self._place(line, QRect(rect.x(), y, rect.width(), height))
            y += height + self.spacing()
        return max(0, y - self.spacing() - rect.y())

    def _lines(self, width: int) -> list[list[tuple[QLayoutItem, int, int]]]:
        """Return lines of visible items, each with its width before stretching and its stretch."""
        lines: list[list[tuple[QLayoutItem, int, int]]] = [[]]
        used = 0
        for item, stretch in zip(self._items, self._stretches, strict=True):
            if item.isEmpty() and not item.spacerItem():
                continue  # hidden
            size = item.minimumSize() if stretch else item.sizeHint().boundedTo(QSize(width, 9999))
            if used and used + size.width() > width:
                lines.append([])
                used = 0
            lines[-1].append((item, size.width(), stretch))
            used += size.width() + (self.spacing() if size.width() else 0)
        return lines

    def _place(self, line: list[tuple[QLayoutItem, int, int]], rect: QRect) -> None:
        gaps = max(0, sum(width > 0 for _, width, _ in line) - 1)
        spare = rect.width() - sum(width for _, width, _ in line) - gaps * self.spacing()
        total = max(1, sum(stretch for _, _, stretch in line))
        x = rect.x()
        for item, natural, stretch in line:
            width = natural + max(0, spare) * stretch // total
            height = item.sizeHint().height()
            item.setGeometry(QRect(x, rect.y() + (rect.height() - height) // 2, width, height))
            x += width + (self.spacing() if natural else 0)


class WrappingWidget(QWidget):
    """Widget with a wrapping layout, which reports its minimum height for a width.

    Qt reports the preferred height instead, which adds scroll bars that are not needed.
    """

    @override
    def heightForWidth(self, width: int) -> int:
        layout = self.layout()
        return layout.totalMinimumHeightForWidth(width) if layout else -1
