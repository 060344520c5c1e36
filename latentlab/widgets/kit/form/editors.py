"""Editors of single values: numbers, check boxes, choices, texts, lists and paths."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction, QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QToolButton,
    QWidget,
)

from latentlab.session.form import default_kind
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import literal
from latentlab.widgets.kit.number_box import NumberBox, read_number
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from latentlab.session.form import Field, Kind

MINIMUM_WIDTH = 48
NOTE_ROLE = Qt.ItemDataRole.UserRole + 1


class Editor(QWidget):
    """Base class of the editors of one value."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.layout_ = QHBoxLayout(self)
        self.layout_.setContentsMargins(0, 0, 0, 0)
        self.layout_.setSpacing(UNIT // 2)

    def take(self, widget: QWidget) -> None:
        """Add the editing widget, and make it the focus proxy."""
        self.layout_.addWidget(widget, 1)
        widget.setMinimumWidth(MINIMUM_WIDTH)
        self.setFocusProxy(widget)
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        widget.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave the wheel to the scroll area unless the editor has the focus."""
        if event.type() == QEvent.Type.Wheel and not self.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    @property
    def problem(self) -> str:
        """Error message for the input; if not empty, the value is the last valid one."""
        return ""

    @property
    def note(self) -> str:
        """Remark on the value; may be empty."""
        return ""

    def value(self) -> Any:
        """Return the value; None if empty."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Set the value."""
        raise NotImplementedError


class NumberEditor(Editor):
    """Number within limits; floats step by their magnitude."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.box = NumberBox(field.minimum, field.maximum, whole=field.type == "int")
        self.box.exclude(*field.excluded)
        self.box.tells = False
        if not self.box.whole:
            self.box.setStepType(NumberBox.StepType.AdaptiveDecimalStepType)
        if field.unit:
            self.box.setSuffix(f" {field.unit}")
        self.take(self.box)
        self.set_value(field.default)
        self.box.valueChanged.connect(self.changed)
        self.box.refused.connect(self.changed)

    @property
    @override
    def problem(self) -> str:
        return self.box.problem

    @override
    def value(self) -> float:
        number = self.box.value()
        return round(number) if self.box.whole else number

    @override
    def set_value(self, value: Any) -> None:
        self.box.setValue(float(value or 0))


class OptionalEditor(Editor):
    """Optional number: a check box before it turns it on.

    Parameters
    ----------
    field : Field
        Description of the value.
    number : Editor
        Editor of the number.
    """

    def __init__(self, field: Field, number: Editor) -> None:
        super().__init__()
        self._number = number
        self.switch = QCheckBox()
        self.switch.setToolTip(f"Use this value. {field.help}".strip())
        self.switch.setAccessibleName(f"Use {field.title.lower()}")
        self.layout_.addWidget(self.switch)
        self.take(number)
        self.set_value(field.default)
        self.switch.toggled.connect(number.setEnabled)
        self.switch.toggled.connect(self.changed)
        number.changed.connect(self.changed)

    @property
    @override
    def problem(self) -> str:
        return self._number.problem if self.switch.isChecked() else ""

    @override
    def value(self) -> Any:
        return self._number.value() if self.switch.isChecked() else None

    @override
    def set_value(self, value: Any) -> None:
        self.switch.setChecked(value is not None)
        self._number.setEnabled(value is not None)
        if value is not None:
            self._number.set_value(value)


class BoolEditor(Editor):
    """Check box."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.switch = QCheckBox()
        self.take(self.switch)
        self.set_value(field.default)
        self.switch.toggled.connect(self.changed)

    @override
    def value(self) -> bool:
        return self.switch.isChecked()

    @override
    def set_value(self, value: Any) -> None:
        self.switch.setChecked(bool(value))


class TextEditor(Editor):
    """Text, or a comma-separated list of integers or words."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        self._field = field
        self.line = QLineEdit()
        self._menu: QMenu | None = None
        self.take(self.line)
        self.set_value(field.default)
        self.line.textChanged.connect(self.changed)

    @override
    def value(self) -> Any:
        text = self.line.text().strip()
        if self._field.type not in ("ints", "words"):
            return text or None
        parts = self._parts()
        return parts if self._field.type == "words" else [_parse_integer(part) for part in parts]

    def offer(self, words: tuple[str, ...]) -> None:
        """Offer words in a menu, which adds or removes one; no words remove the menu."""
        if self._menu is None and words:
            self._menu = QMenu(self)
            button = IconButton("plus", "Choose from what the data set has")
            button.setMenu(self._menu)
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
            self.layout_.addWidget(button)
            self._menu.triggered.connect(self._on_offered)
            self._menu_button = button
        if self._menu is None:
            return
        self._menu_button.setVisible(bool(words))
        self._menu.clear()
        for word in words:
            self._menu.addAction(literal(word)).setData(word)

    @Slot(QAction)
    def _on_offered(self, action: QAction) -> None:
        word, parts = action.data(), self._parts()
        kept = [part for part in parts if part.partition(":")[0].strip() != word]
        self.set_value(kept if len(kept) < len(parts) else [*parts, word])

    def _parts(self) -> list[str]:
        return [part.strip() for part in re.split("[,;]", self.line.text()) if part.strip()]

    @property
    @override
    def problem(self) -> str:
        parts = self._parts() if self._field.type == "ints" else []
        wrong = [part for part in parts if isinstance(_parse_integer(part), str)]
        return f"“{wrong[0][:40]}” is not a whole number" if wrong else ""

    @override
    def set_value(self, value: Any) -> None:
        text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")
        self.line.setText(text)


def _parse_integer(text: str) -> int | str:
    try:
        return round(read_number(text, whole=True))
    except ValueError:
        return text


class FolderEditor(TextEditor):
    """Path of a folder."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.line.setPlaceholderText("default place" if field.optional else "choose a folder")
        browse = IconButton("folder", f"Choose {field.title.lower()}")
        browse.clicked.connect(self._browse)
        self.layout_.addWidget(browse)

    @Slot()
    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self._field.title, self.line.text())
        if folder:
            self.line.setText(folder)


class FileEditor(FolderEditor):
    """Path of a file."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.line.setPlaceholderText("none" if field.optional else "choose a file")

    @Slot()
    @override
    def _browse(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self, self._field.title, self.line.text())
        if file:
            self.line.setText(file)


class ChoiceEditor(Editor):
    """Choice of one alternative by its title; those that cannot be used here are disabled."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.choice = QComboBox()
        self.choice.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.choice.setMinimumContentsLength(1)
        for kind in field.options or field.kinds:
            self._add(kind)
        # The list may be wider than the box, so that no title is cut.
        view = self.choice.view()
        view.setMinimumWidth(view.sizeHintForColumn(0) + 4 * UNIT)
        self.take(self.choice)
        self.set_value(default_kind(field) if field.type == "kind" else field.default)
        self._show_help()
        self.choice.currentIndexChanged.connect(self._show_help)
        self.choice.currentIndexChanged.connect(self.changed)

    def _add(self, kind: Kind) -> None:
        self.choice.addItem(kind.label, kind.name)
        index = self.choice.count() - 1
        tip = " ".join(filter(None, (kind.help, kind.unavailable or kind.requirement)))
        self.choice.setItemData(index, tip, Qt.ItemDataRole.ToolTipRole)
        self.choice.setItemData(index, kind.unavailable or kind.requirement, NOTE_ROLE)
        model = self.choice.model()
        if kind.unavailable and isinstance(model, QStandardItemModel):
            model.item(index).setEnabled(False)

    @Slot()
    def _show_help(self) -> None:
        tip = self.choice.currentData(Qt.ItemDataRole.ToolTipRole)
        self.choice.setToolTip(tip or self.toolTip())

    @property
    @override
    def note(self) -> str:
        return self.choice.currentData(NOTE_ROLE) or ""

    @override
    def value(self) -> str:
        return str(self.choice.currentData())

    @override
    def set_value(self, value: Any) -> None:
        """Choose an alternative by name; an unknown one changes nothing."""
        index = self.choice.findData(value)
        if index >= 0:
            self.choice.setCurrentIndex(index)


def make_editor(field: Field) -> Editor:
    """Return an editor for the type of a field."""
    editor = EDITORS[field.type](field)
    is_number = field.type in ("int", "float")
    return OptionalEditor(field, editor) if field.optional and is_number else editor


EDITORS: dict[str, Callable[[Field], Editor]] = {
    "int": NumberEditor,
    "float": NumberEditor,
    "bool": BoolEditor,
    "option": ChoiceEditor,
    "kind": ChoiceEditor,
    "path": FolderEditor,
    "file": FileEditor,
    "ints": TextEditor,
    "words": TextEditor,
    "text": TextEditor,
}
