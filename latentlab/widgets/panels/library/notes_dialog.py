"""Dialog for the notes and tags of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from latentlab.session.library.notes import MAX_TEXT_LENGTH, Notes, parse_tags
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from latentlab.session.library.entries import LibraryEntry


class NotesDialog(QDialog):
    """Edits the notes and tags of a run.

    Parameters
    ----------
    entry : LibraryEntry
        Run to edit.
    parent : QWidget
        Widget that the dialog belongs to.
    """

    def __init__(self, entry: LibraryEntry, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Notes on {entry.name}")
        self.text = QPlainTextEdit(entry.notes.text)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName("Notes")
        self.text.setPlaceholderText("What was tried, and what came of it")
        self.tags = QLineEdit(entry.notes.tags_text)
        self.tags.setAccessibleName("Tags")
        self.tags.setPlaceholderText("baseline, best")
        self.tags.setToolTip("Short words, separated by commas; the search finds them")
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.Save | kinds.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout(self)
        form.setContentsMargins(2 * UNIT, 2 * UNIT, 2 * UNIT, 2 * UNIT)
        form.setVerticalSpacing(UNIT)
        form.addRow("Notes", self.text)
        form.addRow("Tags", self.tags)
        form.addRow(buttons)
        self.resize(52 * UNIT, 32 * UNIT)

    def notes(self) -> Notes:
        """Return what is in the fields."""
        text = self.text.toPlainText().strip()[:MAX_TEXT_LENGTH]
        return Notes(text, parse_tags(self.tags.text()))


def ask_notes(entry: LibraryEntry, parent: QWidget) -> Notes | None:
    """Ask for the notes of a run; return None if cancelled."""
    dialog = NotesDialog(entry, parent)
    accepted = dialog.exec() == QDialog.DialogCode.Accepted
    dialog.deleteLater()
    return dialog.notes() if accepted else None
