"""Failure bar and message bar of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from latentlab.session.form import with_titles
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import ElidedLabel, TwoLineLabel
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from latentlab.session.failure import Failure
    from latentlab.session.form import Field
    from latentlab.session.runs import Message

SECONDS, SECONDS_TO_UNDO = 8, 30
"""Seconds that a message is shown, and one with an Undo button."""
MAX_MESSAGES = 3


class FailureBar(QFrame):
    """Shows a failure and its advice; the window hides the bar if there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("failure")
        self._failure: Failure | None = None
        self.text = TwoLineLabel()
        self._copy = QPushButton("Copy")
        self._copy.setToolTip("Copy this message with the details for a bug report")
        self.dismiss = IconButton("close", "Close this message")
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * UNIT, UNIT // 2, UNIT, UNIT // 2)
        row.setSpacing(UNIT)
        row.addWidget(self.text, 1)
        row.addWidget(self._copy)
        row.addWidget(self.dismiss)
        self._copy.clicked.connect(self._copy_details)

    def show_failure(self, failure: Failure | None, form: tuple[Field, ...] = ()) -> None:
        """Show a failure, or none; keys of a recipe are replaced by the titles in the form."""
        self._failure = failure
        if failure:
            self.text.setText(with_titles(f"{failure.title} {failure.advice}".strip(), form))

    @Slot()
    def _copy_details(self) -> None:
        if self._failure:
            parts = (self._failure.title, self._failure.advice, self._failure.details)
            QGuiApplication.clipboard().setText("\n".join(part for part in parts if part))


class MessageBar(QWidget):
    """Shows completed actions, each for some seconds; the newest is first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: list[MessageLine] = []
        self._tip = ElidedLabel()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(UNIT, 0, UNIT, 0)
        self._row.setSpacing(2 * UNIT)
        self._row.addWidget(self._tip)
        self._row.addStretch(1)
        self._arrange()

    def tell(self, message: Message) -> None:
        """Show a message, in place of an earlier one with the same text."""
        for old in [line for line in self.lines if line.text.text() == message.text]:
            old.end()
        line = MessageLine(message)
        line.ended.connect(self._on_ended)
        self._row.insertWidget(0, line)
        self.lines.insert(0, line)
        for old in self.lines[MAX_MESSAGES:]:
            old.end()
        self._arrange()

    @Slot(str)
    def show_tip(self, text: str) -> None:
        """Show the status tip of the menu entry under the cursor, or nothing."""
        self._tip.setText(text)
        self._arrange()

    @Slot(object)
    def _on_ended(self, line: MessageLine) -> None:
        self.lines.remove(line)
        line.deleteLater()
        self._arrange()

    def _arrange(self) -> None:
        self._tip.setVisible(bool(self._tip.text()))
        self.setVisible(bool(self.lines) or bool(self._tip.text()))


class MessageLine(QWidget):
    """One message, with an optional Undo button."""

    ended = Signal(object)
    """The line itself, after its time or after Undo."""

    def __init__(self, message: Message) -> None:
        super().__init__()
        self._message = message
        self.text = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        self.text.setText(message.text)
        self.undo = QPushButton("Undo")
        self.undo.setObjectName("link")
        self.undo.setAccessibleName(f"Undo: {message.text}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT)
        row.addWidget(self.text)
        row.addWidget(self.undo)
        self.undo.setVisible(message.undo is not None)
        self.undo.clicked.connect(self._undo_action)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.end)
        self._timer.start(round(1000 * (SECONDS_TO_UNDO if message.undo else SECONDS)))

    @Slot()
    def end(self) -> None:
        """Stop the timer and emit `ended`."""
        self._timer.stop()
        self.ended.emit(self)

    @Slot()
    def _undo_action(self) -> None:
        self.end()
        if self._message.undo:
            self._message.undo()
