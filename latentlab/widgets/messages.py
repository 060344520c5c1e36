"""Error messages, shown in the window and not over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from latentlab.widgets.icons import IconButton
from latentlab.widgets.theme import UNIT

if TYPE_CHECKING:
    from latentlab.session.failure import Failure

ROOM_FOR_BUTTONS = 240


class FailureBar(QFrame):
    """Says what went wrong and what to do; who holds it hides it while all is well."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("failure")
        self._failure: Failure | None = None
        self.text = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._copy = QPushButton("Copy details")
        self._copy.setToolTip("Copy what a bug report needs")
        self.dismiss = IconButton("close", "Dismiss this message")
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * UNIT, UNIT, UNIT, UNIT)
        row.setSpacing(UNIT)
        row.addWidget(self.text, 1)
        row.addWidget(self._copy)
        row.addWidget(self.dismiss)
        self._copy.clicked.connect(self._copy_details)

    def show_failure(self, failure: Failure | None) -> None:
        """Show a message, or none."""
        self._failure = failure
        if failure:
            text = f"{failure.title} {failure.advice}".strip()
            self.text.setText(text)
            # A label that may wrap asks for more height than it needs.
            room = self.window().width() - ROOM_FOR_BUTTONS
            self.text.setWordWrap(self.text.fontMetrics().horizontalAdvance(text) > room)
            self._copy.setVisible(bool(failure.details))

    @Slot()
    def _copy_details(self) -> None:
        if self._failure:
            QGuiApplication.clipboard().setText(self._failure.details)
