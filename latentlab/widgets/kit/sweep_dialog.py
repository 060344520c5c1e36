"""Dialog for a sweep: one run for each of several values of one number of the draft."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit

from latentlab.errors import counted
from latentlab.session.export import DescribeForm
from latentlab.session.form import used_fields
from latentlab.widgets.kit.labels import problem
from latentlab.widgets.kit.number_box import read_number
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from PySide6.QtWidgets import QWidget

    from latentlab.session.form import Field
    from latentlab.workers.controller import Controller

FIRST = "objective.beta"
VALUES = "0.5, 1, 4, 10"
MOST = 100


class SweepDialog(QDialog):
    """Asks for a number of the recipe and its values.

    Parameters
    ----------
    form : tuple of Field
        Fields of a recipe.
    draft : mapping
        Values of all other fields.
    """

    asked = Signal(str, object)
    """Dotted key, and the values as a tuple."""

    def __init__(
        self, form: tuple[Field, ...], draft: Mapping[str, Any], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Sweep")
        self.setMinimumWidth(420)
        numbers = {k: (f, v) for k, f, v in used_fields(form, draft) if f.type in ("int", "float")}
        self._numbers = numbers
        self._epochs = next((v for k, (_, v) in numbers.items() if k == "training.epochs"), None)
        self.key = QComboBox()
        for key, (field, _) in numbers.items():
            self.key.addItem(field.title, key)
            self.key.setItemData(self.key.count() - 1, field.help, Qt.ItemDataRole.ToolTipRole)
        self.key.setCurrentIndex(max(0, list(numbers).index(FIRST) if FIRST in numbers else 0))
        self.key.setToolTip("Setting that differs between the runs; all others are as in the form")
        self.values = QLineEdit(VALUES if FIRST in numbers else "")
        self.values.setPlaceholderText(VALUES)
        self.values.setToolTip("One run for each value; separate them by commas or semicolons")
        self._now = QLabel()
        self._now.setObjectName("muted")
        self._problem = problem()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.queue = self.buttons.addButton("Queue", QDialogButtonBox.ButtonRole.AcceptRole)
        layout = QFormLayout(self)
        layout.setSpacing(UNIT)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.addRow("Setting", self.key)
        layout.addRow("Values", self.values)
        layout.addRow("", self._now)
        layout.addRow("", self._problem)
        layout.addRow(self.buttons)
        self.key.currentIndexChanged.connect(self._check)
        self.values.textChanged.connect(self._check)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._check()
        self.values.setFocus()

    @Slot()
    def _check(self) -> None:
        """Show the number of runs, or the error."""
        key = self.key.currentData()
        field, now = self._numbers[key]
        values, wrong = parse_values(self.values.text(), field)
        self._problem.setText(wrong)
        self._problem.setVisible(bool(wrong))
        self.queue.setEnabled(bool(values) and not wrong)
        runs = counted(len(values), "run")
        self.queue.setText(f"Queue {runs}" if values and not wrong else "Queue")
        same = self._epochs and key != "training.epochs"
        each = f" of {counted(self._epochs, 'epoch')} each" if self._epochs and same else ""
        current = f"The form has {now:g}. " if now is not None else ""
        ready = f"{current}{runs}{each}." if values else current
        self._now.setText(current if wrong else ready)

    @override
    def accept(self) -> None:
        """Emit `asked` with the values, and close."""
        key = self.key.currentData()
        values, wrong = parse_values(self.values.text(), self._numbers[key][0])
        if values and not wrong:
            self.asked.emit(key, values)
            super().accept()


def ask_sweep(parent: QWidget, controller: Controller) -> None:
    """Open the dialog for the draft, and queue its runs when accepted."""
    state = controller.state
    if state.answer(DescribeForm) or ():
        dialog = SweepDialog((state.answer(DescribeForm) or ()), state.draft.values or {}, parent)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.asked.connect(controller.training.sweep)
        dialog.open()


def parse_values(text: str, field: Field) -> tuple[tuple[float, ...], str]:
    """Return the values in a text, and an error message; the message is empty if all is valid."""
    values: list[float] = []
    whole = field.type == "int"
    try:
        words = _split_numbers(text, whole=whole)
    except ValueError as error:
        return (), str(error)
    for word in words:
        try:
            number = read_number(word, whole=whole)
        except ValueError as error:
            return tuple(values), f"“{word[:40]}” is {error}."
        value = round(number) if whole else number
        if not field.minimum <= value <= field.maximum or value in field.excluded:
            return tuple(values), f"{word} is not between {field.minimum:g} and {field.maximum:g}."
        if value in values:
            return tuple(values), f"{word} is listed twice."
        values.append(value)
    if len(values) > MOST:
        return tuple(values), f"{len(values)} runs are too many; the maximum is {MOST}."
    return tuple(values), ""


def _split_numbers(text: str, *, whole: bool) -> list[str]:
    """Split a text into numbers, at semicolons if there are any, else at spaces and commas.

    Raises
    ------
    ValueError
        If a comma may also be a decimal separator.
    """
    if ";" in text:
        return [word for part in text.split(";") if (word := part.strip())]
    chunks, words = text.split(), []
    spaced = not whole and len(chunks) > 1 and not any(chunk.endswith(",") for chunk in chunks)
    for chunk in (chunk.strip(",") for chunk in chunks):
        several = [part for part in chunk.split(",") if part]
        point_elsewhere = "." in text and "." not in chunk
        if len(several) < 2 or not _is_number(chunk, whole=whole) or point_elsewhere:
            words += several
        elif spaced:
            words.append(chunk)
        else:
            raise ValueError(
                f"“{chunk[:40]}” can be one number or several. Write {'; '.join(several)[:60]} "
                f"for several numbers, or {chunk[:40]}; for one."
            )
    return words


def _is_number(text: str, *, whole: bool) -> bool:
    try:
        read_number(text, whole=whole)
    except ValueError:
        return False
    return True
