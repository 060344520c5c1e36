"""Rows in which a person corrects how a model of another program is understood."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from latentlab.session.import_.model import ImportChoice, Option

OPEN_MARK = "Please check"
WIDEST_BOX = 34 * UNIT


class ChoiceRows(QWidget):
    """One box per choice; those that nothing decides are marked and come first."""

    changed = Signal(str, str)
    """Key and value that the person chose."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.boxes: dict[str, QComboBox] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, UNIT, 0)
        self._inside: QWidget | None = None

    def show_choices(self, choices: tuple[ImportChoice, ...]) -> None:
        """Show choices in place of the previous ones."""
        if self._inside is not None:
            self._column.removeWidget(self._inside)
            self._inside.deleteLater()
        focused = next((key for key, box in self.boxes.items() if box.hasFocus()), "")
        self._inside = QWidget()
        form = QFormLayout(self._inside)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(UNIT)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self.boxes = {}
        for choice in sorted(choices, key=lambda choice: not choice.is_open):
            box = self._box(choice)
            self.boxes[choice.key] = box
            label = QLabel(f"{choice.title} · {OPEN_MARK}" if choice.is_open else choice.title)
            label.setObjectName("open" if choice.is_open else "")
            label.setToolTip(choice.help)
            form.addRow(label, box)
        if not choices:
            form.addRow(muted("The file says everything."))
        self._column.insertWidget(0, self._inside)
        if focused in self.boxes:
            self.boxes[focused].setFocus()

    def _box(self, choice: ImportChoice) -> QComboBox:
        box = QComboBox()
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMaximumWidth(WIDEST_BOX)
        for option in choice.options:
            box.addItem(_text(option), option.value)
        box.setCurrentIndex(box.findData(choice.value))
        box.setToolTip(f"{choice.help} {choice.reason}")
        box.setAccessibleName(choice.title)
        box.activated.connect(partial(self._on_activated, choice))
        return box

    def _on_activated(self, choice: ImportChoice, index: int) -> None:
        value = choice.options[index].value
        if value != choice.value:
            self.changed.emit(choice.key, value)


def _text(option: Option) -> str:
    return option.title if option.error is None else f"{option.title}  ·  error {option.error:.3g}"
