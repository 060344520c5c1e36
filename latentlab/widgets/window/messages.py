"""Messages in the window: what went wrong, and what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import ElidedLabel, TwoLineLabel
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from latentlab.session.failure import Failure
    from latentlab.session.runs import Message

SECONDS, SECONDS_TO_UNDO = 8, 30
"""How long a message stays, and how long one that can be taken back does."""
MOST_MESSAGES = 3


class FailureBar(QFrame):
    """Says what went wrong and what to do; who holds it hides it while all is well."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("failure")
        self._failure: Failure | None = None
        self.text = TwoLineLabel()
        self._copy = QPushButton("Copy")
        self._copy.setToolTip("Copy this message, with all that a bug report needs")
        self.dismiss = IconButton("close", "Dismiss this message")
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * UNIT, UNIT // 2, UNIT, UNIT // 2)
        row.setSpacing(UNIT)
        row.addWidget(self.text, 1)
        row.addWidget(self._copy)
        row.addWidget(self.dismiss)
        self._copy.clicked.connect(self._copy_details)

    def show_failure(self, failure: Failure | None) -> None:
        """Show a message, or none."""
        self._failure = failure
        if failure:
            self.text.setText(f"{failure.title} {failure.advice}".strip())

    @Slot()
    def _copy_details(self) -> None:
        if self._failure:
            parts = (self._failure.title, self._failure.advice, self._failure.details)
            QGuiApplication.clipboard().setText("\n".join(part for part in parts if part))


class MessageBar(QWidget):
    """Says what was done, each message for a while; the latest stands first."""

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
        """Show a message."""
        line = MessageLine(message)
        line.ended.connect(self._on_ended)
        self._row.insertWidget(0, line)
        self.lines.insert(0, line)
        for old in self.lines[MOST_MESSAGES:]:
            old.end()
        self._arrange()

    @Slot(str)
    def show_tip(self, text: str) -> None:
        """Show what the menu entry under the cursor does, or nothing."""
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
    """One message, and a button that takes back what it tells of."""

    ended = Signal(object)
    """Itself, once it has stood long enough or was taken back."""

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
        self.undo.clicked.connect(self._take_back)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.end)
        self._timer.start(round(1000 * (SECONDS_TO_UNDO if message.undo else SECONDS)))

    @Slot()
    def end(self) -> None:
        """Say that it can go."""
        self._timer.stop()
        self.ended.emit(self)

    @Slot()
    def _take_back(self) -> None:
        self.end()
        if self._message.undo:
            self._message.undo()
