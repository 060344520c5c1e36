"""Disclosure button for advanced fields."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QToolButton

from latentlab.widgets.kit.theme import small


class CollapseButton(QToolButton):
    """Flat button that expands and collapses the fields below it."""

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
        self.toggled.connect(self._update_arrow)

    @Slot(bool)
    def _update_arrow(self, shown: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow
        self.setArrowType(arrow)

    def show_count(self, changed: int) -> None:
        """Show how many advanced values differ from their defaults."""
        self.setText(f"More · {changed} set" if changed else "More")
