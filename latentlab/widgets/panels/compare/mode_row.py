"""Row of exclusive buttons; the tooltip of a disabled one gives the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QToolButton, QWidget

from latentlab.widgets.kit.flow_layout import FlowLayout
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from collections.abc import Sequence


class ModeRow(QWidget):
    """Exclusive flat buttons that wrap onto several lines.

    Parameters
    ----------
    modes : sequence of pairs of str
        Title and tooltip of each.
    """

    chosen = Signal(int)

    def __init__(self, modes: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._tips = [tip for _, tip in modes]
        self._row = FlowLayout(UNIT // 2, self)
        self._group = QButtonGroup(self)
        self.buttons: list[QToolButton] = []
        for index, (title, tip) in enumerate(modes):
            button = QToolButton()
            button.setText(title)
            button.setToolTip(tip)
            button.setCheckable(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            self._group.addButton(button, index)
            self.buttons.append(button)
            self._row.addWidget(button)
        self._group.idClicked.connect(self.chosen)

    def add(self, widget: QWidget) -> None:
        """Append a widget after the buttons."""
        self._row.addWidget(widget)

    def show_modes(self, reasons: Sequence[str], chosen: int | None) -> None:
        """Enable the modes whose reason against them is empty; check `chosen`."""
        for button, tip, reason in zip(self.buttons, self._tips, reasons, strict=True):
            button.setEnabled(not reason)
            button.setToolTip(reason or tip)
        if chosen is not None:
            self.buttons[chosen].setChecked(True)
