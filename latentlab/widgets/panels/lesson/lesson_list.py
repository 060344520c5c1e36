"""List of the lessons, with the progress in each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latentlab.session.lessons.lesson import LessonEntry


class LessonList(QScrollArea):
    """One card per lesson: title, what is learned, time and progress."""

    chosen = Signal(object)
    """Path of the lesson to open."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Lessons")
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, UNIT, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self.setWidget(inside)
        self.cards: list[LessonCard] = []

    def show_entries(self, entries: Sequence[LessonEntry]) -> None:
        """Show the lessons, in their order."""
        for card in self.cards:
            self._column.removeWidget(card)
            card.deleteLater()
        self.cards = [LessonCard(entry) for entry in entries]
        for row, card in enumerate(self.cards):
            card.button.clicked.connect(partial(self.chosen.emit, card.entry.path))
            self._column.insertWidget(row, card)


class LessonCard(QFrame):
    """A lesson in the list."""

    def __init__(self, entry: LessonEntry) -> None:
        super().__init__()
        self.setObjectName("card")
        self.entry = entry
        self.button = QPushButton(entry.title)
        self.button.setObjectName("link")
        self.button.setEnabled(entry.steps > 0)
        self.button.setToolTip("Open this lesson where you left it")
        self.state = muted(progress_text(entry), stretch=False)
        if entry.is_finished:
            self.state.setObjectName("fine")
        about = muted(entry.about, stretch=False)
        about.setTextFormat(Qt.TextFormat.PlainText)
        about.setWordWrap(True)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.addWidget(self.button)
        top.addStretch(1)
        top.addWidget(self.state)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, UNIT, 0, UNIT)
        column.setSpacing(UNIT // 2)
        column.addLayout(top)
        about.setContentsMargins(UNIT // 2, 0, 0, 0)
        column.addWidget(about)


def progress_text(entry: LessonEntry) -> str:
    """Return the progress in a lesson, or its time if it was not begun."""
    if not entry.steps:
        return "cannot be read"
    if entry.is_finished:
        return "✓ done"
    if entry.done or entry.at:
        return f"{len(entry.done)} of {entry.steps}"
    return f"{entry.minutes} min"
