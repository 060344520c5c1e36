"""Row of a form: label, editor, and a note and an error message below it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from latentlab.session.form import default_kind, inner_texts, texts
from latentlab.widgets.kit.form.editors import TextEditor, make_editor
from latentlab.widgets.kit.labels import muted, problem
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint
    from PySide6.QtWidgets import QMenu

    from latentlab.session.form import Field

LABEL_WIDTH = 120
GROUP_INDENT = 2 * UNIT
"""Indentation of the rows of a group; the editors of all rows are aligned."""


class FieldRow(QWidget):
    """Editor of one field, with its label and an error message.

    Parameters
    ----------
    key : str
        Dotted key of the value.
    field : Field
        Description of the value.
    """

    changed = Signal(str)
    """The key, after a change of the value."""

    def __init__(self, key: str, field: Field) -> None:
        super().__init__()
        self.key, self.field = key, field
        self.editor = make_editor(field)
        self.editor.setToolTip(f"{field.help}\n{key}".strip())
        # Screen readers announce the widget with the focus, which is the focus proxy.
        (self.editor.focusProxy() or self.editor).setAccessibleName(field.title)
        self.editor.changed.connect(self._on_changed)
        self.label = self._make_label()
        self._note, self._problem = muted(), problem()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.editor)
        column.addWidget(self._note)
        column.addWidget(self._problem)
        self._show_note()

    def _make_label(self) -> QLabel:
        label = QLabel(self.field.title)
        label.setToolTip(self.editor.toolTip())
        label.setBuddy(self.editor)
        is_nested = self.key.count(".") > 1
        indent = UNIT if is_nested else 0
        label.setIndent(indent)
        label.setFixedWidth(LABEL_WIDTH - (GROUP_INDENT if self.field.group else 0))
        return label

    def offer(self, words: tuple[str, ...]) -> None:
        """Offer words for a list of words; see `TextEditor.offer`."""
        if isinstance(self.editor, TextEditor):
            self.editor.offer(words)

    def value(self) -> Any:
        """Return the entered value; None if empty."""
        return self.editor.value()

    def set_value(self, value: Any) -> None:
        """Set the value; one of a wrong type is ignored."""
        with suppress(TypeError, ValueError, OverflowError):
            self.editor.set_value(value)

    def default(self) -> Any:
        """Return the default: of a choice, the name of the alternative."""
        return default_kind(self.field) if self.field.type == "kind" else self.field.default

    def is_default(self) -> bool:
        """Return whether the value is the default."""
        return bool(self.value() == self.default())

    def fill_menu(self, menu: QMenu, place: QPoint) -> None:
        """Add the reset to the context menu."""
        reset = menu.addAction(f"Reset {self.field.title}", self._reset)
        reset.setEnabled(not self.is_default())

    def _reset(self) -> None:
        self.set_value(self.default())

    def matches(self, words: list[str]) -> bool:
        """Return whether key and texts of the field contain each of some words."""
        return _has_words("\n".join((self.key, *texts(self.field))), words)

    def contains(self, words: list[str]) -> bool:
        """Return whether the texts of the fields inside this one contain each of some words."""
        return _has_words("\n".join(inner_texts(self.field)), words)

    def wrong(self) -> str:
        """Return the error message with the title of the field; empty if the input is valid."""
        text = self.editor.problem
        return f"{self.field.title}: {text[0].lower()}{text[1:]}" if text else ""

    def show_problem(self, text: str) -> None:
        """Show an error message below the editor."""
        self._problem.setText(text)
        self._problem.setVisible(bool(text))

    def clear_problem(self) -> None:
        """Remove the error message, unless it is about invalid input."""
        self.show_problem(self.editor.problem)

    @Slot()
    def _on_changed(self) -> None:
        """Show the error message of the new input; the previous one was about another value."""
        self.clear_problem()
        self._show_note()
        self.changed.emit(self.key)

    def _show_note(self) -> None:
        self._note.setText(self.editor.note)
        self._note.setVisible(bool(self.editor.note))


def _has_words(text: str, words: list[str]) -> bool:
    """Return whether a text contains each word; hyphens do not matter, as in warm-up."""
    plain = text.lower().replace("-", "")
    return all(word.replace("-", "") in plain for word in words)
