"""A fold: a quiet line that shows and hides what is seldom needed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QToolButton

from latentlab.widgets.kit.theme import small


class Fold(QToolButton):
    """A quiet line that shows and hides what comes below it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("fold")
        self.setCheckable(True)
        self.setAutoRaise(True)
        self.setArrowType(Qt.ArrowType.RightArrow)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFont(small(self.font()))
        self.setToolTip("Show what is seldom changed")
        self.setText("More")
        self.toggled.connect(self._turn)

    @Slot(bool)
    def _turn(self, shown: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow
        self.setArrowType(arrow)

    def show_count(self, changed: int) -> None:
        """Say how many of the hidden values are not at their defaults."""
        self.setText(f"More · {changed} set" if changed else "More")
