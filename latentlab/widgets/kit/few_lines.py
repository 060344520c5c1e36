"""Scroll area as high as its content, up to a number of lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

MAX_LINES = 3


class FewLines(QScrollArea):
    """Shows a widget that wraps into lines, and scrolls it from the fourth line on.

    Parameters
    ----------
    inside : QWidget
        Widget with a height for its width.
    """

    def __init__(self, inside: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self._inside = inside
        self.setWidget(inside)
        inside.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)
        self.line_height = self.fontMetrics().height()

    @Slot()
    def fit(self) -> None:
        """Take the height of the lines, at most that of `MAX_LINES`."""
        width = self.viewport().width()
        needed = max(self._inside.heightForWidth(width), self.line_height)
        self.setFixedHeight(min(needed, MAX_LINES * self.line_height))
        self.verticalScrollBar().setSingleStep(self.line_height)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()
