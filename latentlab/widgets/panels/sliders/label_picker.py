"""Choice of the class of z for a conditional model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QLabel, QToolButton, QWidget

from latentlab.widgets.kit.labels import literal
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from latentlab.data.condition import Label
    from latentlab.session.points import ModelCard

MAX_CLASS_BUTTONS = 12


class LabelPicker(QWidget):
    """One button per class, or a list if there are many; hidden without one class."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, UNIT // 2)
        row.setSpacing(0)
        caption = QLabel("class")
        caption.setObjectName("muted")
        row.addWidget(caption)
        row.addSpacing(UNIT)
        self._buttons = QButtonGroup(self)
        self._row = QHBoxLayout()
        self._row.setSpacing(0)
        row.addLayout(self._row)
        self._list = QComboBox()
        self._list.setToolTip("Decode as another class, with the same z")
        row.addWidget(self._list, 1)
        row.addStretch(1)
        self._names: tuple[str, ...] = ()
        self._buttons.idClicked.connect(self.chosen)
        self._list.activated.connect(self.chosen)

    def offer(self, card: ModelCard) -> None:
        """List the classes of a model."""
        self.setVisible(card.conditional and not card.spec.conditions)
        if card.spec.class_names == self._names:
            return
        self._names = card.spec.class_names
        for button in self._buttons.buttons():
            self._buttons.removeButton(button)
            button.deleteLater()
        short = len(self._names) <= MAX_CLASS_BUTTONS and all(
            len(name) <= 2 for name in self._names
        )
        for i, name in enumerate(self._names if short else ()):
            button = QToolButton()
            button.setText(literal(name))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setCheckable(True)
            button.setToolTip(f"Decode as {name}, with the same z")
            button.setFixedWidth(22)
            self._buttons.addButton(button, i)
            self._row.addWidget(button)
        self._list.clear()
        self._list.addItems(list(self._names))
        self._list.setVisible(not short)

    def show_label(self, label: Label | None) -> None:
        """Select a class without emitting `chosen`."""
        if not isinstance(label, int):
            return
        button = self._buttons.button(label)
        if button:
            button.setChecked(True)
        self._list.setCurrentIndex(label)
