"""Dialog with the report of a problem, to copy or to save; nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
)

from latentlab.atomic_write import write_atomically
from latentlab.errors import RunError
from latentlab.session.export import TEXTS
from latentlab.session.files.problem_report import problem_report
from latentlab.widgets.kit.background import BackgroundWorker
from latentlab.widgets.kit.dialogs import ask_save_path
from latentlab.widgets.kit.labels import problem
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.widgets.window.main_window import MainWindow

SIZE = (90 * UNIT, 70 * UNIT)
ABOUT = (
    "Describe what you did and what happened, and add this text. Nothing is sent: copy or save it. "
    "Your folders are shown as “~” and “…”; read it before you pass it on."
)


class ProblemDialog(QDialog):
    """Shows the report of the moment in which it is opened; it may be edited before it is copied.

    Parameters
    ----------
    window : MainWindow
        The state of its controller is described.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.setWindowTitle("Report a problem")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        about = QLabel(ABOUT, wordWrap=True)
        self.text = QPlainTextEdit()
        self.text.setPlaceholderText("Gathering…")
        self.text.setAccessibleName("Report")
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.problem = problem()
        kinds, roles = QDialogButtonBox.StandardButton, QDialogButtonBox.ButtonRole
        buttons = QDialogButtonBox(kinds.Close)
        self.copy, self.save = QPushButton("Copy"), QPushButton("Save…")
        self.copy.setDefault(True)
        buttons.addButton(self.copy, roles.ActionRole)
        buttons.addButton(self.save, roles.ActionRole)
        column = QVBoxLayout(self)
        for widget in (about, self.text, self.problem, buttons):
            column.addWidget(widget)
        self.resize(*SIZE)
        buttons.rejected.connect(self.close)
        self.copy.clicked.connect(self._copy)
        self.text.textChanged.connect(self._on_edited)
        self.save.clicked.connect(self._save)
        state = window.controller.state
        # The versions of packages and the end of the log are read from disk.
        reader, self._writer = BackgroundWorker(self), BackgroundWorker(self)
        reader.done.connect(self.text.setPlainText)
        self._writer.done.connect(self._on_written)
        reader.run(lambda: problem_report(state))

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self.copy.setText("Copied")

    @Slot()
    def _on_edited(self) -> None:
        self.copy.setText("Copy")

    @Slot()
    def _save(self) -> None:
        path = ask_save_path(self, "report", TEXTS)
        if path is None:
            return
        content = self.text.toPlainText().encode(errors="replace")
        self._writer.run(lambda: _write(path, content))

    @Slot(object)
    def _on_written(self, why_not: str) -> None:
        self.problem.setText(why_not)
        self.problem.setVisible(bool(why_not))


def _write(path: Path, content: bytes) -> str:
    """Write a file; return why it cannot be written, or an empty text."""
    try:
        write_atomically(path, content, durable=False)
    except RunError as error:
        return str(error)
    return ""
