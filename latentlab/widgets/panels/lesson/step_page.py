"""Page of one step of a lesson: text, formula, what to do, its check, and a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFont, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.images.qimage import to_qimage
from latentlab.widgets.kit.labels import ElidedLabel, muted
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from latentlab.session.lessons.checks import Checked
    from latentlab.session.lessons.lesson import OpenedLesson, Step

MAX_IMAGE_WIDTH = 42 * UNIT
FORMULA_POINTS = 12.0
NOT_DONE, DONE = "○", "✓"
DONE_BEFORE = "done before"
"""Beside the tick of a step whose check is no longer true, as in a later session."""
NEXT_TIP, SHOW_ME_TIP = "Go on to the next step", "Let the window do it while you watch"


class StepPage(QWidget):
    """The present step, below the title of the lesson and above the buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.leave = IconButton("back", "All lessons")
        self.title, self.number = ElidedLabel(), muted(stretch=False)
        self.title.setFont(_bold(self.title.font()))
        self.progress = QProgressBar(textVisible=False)
        self.progress.setAccessibleName("Steps that are done")
        self.heading, self.text = _label(), _label(Qt.TextFormat.MarkdownText)
        font = QFont(self.heading.font())
        font.setPointSizeF(FORMULA_POINTS)
        self.heading.setFont(_bold(font))
        self.formula, self.image = _label(), QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._set_formula_font()
        self.hints = _label(Qt.TextFormat.MarkdownText)
        self.mark, self.seen = QLabel(NOT_DONE), _label()
        self.question = Question()
        self.back = _button("Back", "Go back to the step before")
        self.show_me = _button("Show me", SHOW_ME_TIP)
        self.next = _button("Next", NEXT_TIP)
        self._lay_out()

    def _set_formula_font(self) -> None:
        font = QFont("serif")
        font.setStyleHint(QFont.StyleHint.Serif)
        font.setItalic(True)
        font.setPointSizeF(FORMULA_POINTS)
        self.formula.setFont(font)
        self.formula.setObjectName("formula")
        self.formula.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        for widget, stretch in ((self.leave, 0), (self.title, 1), (self.number, 0)):
            top.addWidget(widget, stretch)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(UNIT // 2, UNIT, UNIT, UNIT)
        column.setSpacing(UNIT + UNIT // 2)
        for part in (self.heading, self.text, self.formula, self.image, self._make_task()):
            column.addWidget(part)
        column.addWidget(self.question)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setAccessibleName("Text of the step")
        self.area.setWidget(inside)
        below = QHBoxLayout()
        below.addWidget(self.back)
        below.addStretch(1)
        below.addWidget(self.show_me)
        below.addWidget(self.next)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(UNIT)
        page.addLayout(top)
        page.addWidget(self.progress)
        page.addWidget(self.area, 1)
        page.addLayout(below)

    def _make_task(self) -> QFrame:
        """Return the frame with what to do and the check."""
        self.task = QFrame()
        self.task.setObjectName("door")
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.seen, 1)
        column = QVBoxLayout(self.task)
        column.setContentsMargins(UNIT + UNIT // 2, UNIT, UNIT + UNIT // 2, UNIT)
        column.setSpacing(UNIT)
        column.addWidget(self.hints)
        column.addLayout(row)
        self.mark.setFont(_bold(self.mark.font()))
        self.seen.setObjectName("muted")
        return self.task

    def show_step(self, opened: OpenedLesson) -> None:
        """Show the present step of a lesson, from its top."""
        step, count = opened.step, len(opened.lesson.steps)
        self.title.setText(opened.lesson.title)
        self.number.setText(f"{opened.at + 1} of {count}")
        self.progress.setRange(0, count)
        self.heading.setText(step.title)
        self.text.setText(step.text)
        self.formula.setText(step.formula)
        self.hints.setText("\n\n".join(step.hints))
        self._show_image(step)
        self.question.ask(step)
        for part, shown in (
            (self.text, step.text),
            (self.formula, step.formula),
            (self.hints, step.hints),
            (self.task, step.hints or step.check),
            (self.mark, step.check),
            (self.seen, step.check),
            (self.show_me, step.shows),
        ):
            part.setVisible(bool(shown))
        self.back.setEnabled(opened.at > 0)
        self.area.verticalScrollBar().setValue(0)

    def _show_image(self, step: Step) -> None:
        self.image.setVisible(step.image is not None)
        if step.image is not None:
            pixmap = QPixmap.fromImage(to_qimage(step.image))
            if pixmap.width() > MAX_IMAGE_WIDTH:
                how = Qt.TransformationMode.SmoothTransformation
                pixmap = pixmap.scaledToWidth(MAX_IMAGE_WIDTH, how)
            self.image.setPixmap(pixmap)
            self.image.setAccessibleName(f"Illustration of {step.title}")

    def show_progress(self, opened: OpenedLesson, checked: Checked | None) -> None:
        """Show whether the step is done, and what its check sees; None without a check."""
        done, is_last = opened.is_done, opened.at + 1 == len(opened.lesson.steps)
        self.progress.setValue(len(opened.done))
        self.mark.setText(DONE if done else NOT_DONE)
        self.mark.setAccessibleName("done" if done else "not done yet")
        _name(self.mark, "fine" if done else "muted")
        if checked:
            self.seen.setText(DONE_BEFORE if done and not checked.is_done else checked.seen)
        is_ready = done or opened.step.check is None
        self.next.setText("Finish" if is_last else "Next")
        tip = NEXT_TIP if is_ready else "Go on without doing this step"
        self.next.setToolTip("Back to the list of lessons" if is_last else tip)
        _name(self.next, "primary" if is_ready else "secondary")
        self.show_me.setText("Stop" if opened.is_showing else "Show me")
        _name(self.show_me, "secondary")
        self.show_me.setToolTip("Stop showing" if opened.is_showing else SHOW_ME_TIP)


class Question(QWidget):
    """A question, and its answer behind a button."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.answer = (
            _label(Qt.TextFormat.MarkdownText),
            _label(Qt.TextFormat.MarkdownText),
        )
        self.reveal = _button("Show the answer", "Think first, then compare")
        self.reveal.setObjectName("link")
        self.reveal.clicked.connect(self._on_reveal)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT // 2)
        column.addWidget(self.text)
        column.addWidget(self.reveal, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.answer)

    def ask(self, step: Step) -> None:
        """Ask the question of a step, with the answer hidden."""
        self.text.setText(f"**Question.** {step.question}")
        self.answer.setText(step.answer)
        self.answer.hide()
        self.reveal.show()
        self.setVisible(bool(step.question))

    @Slot()
    def _on_reveal(self) -> None:
        self.reveal.hide()
        self.answer.show()


def _label(kind: Qt.TextFormat = Qt.TextFormat.PlainText) -> QLabel:
    label = QLabel(textFormat=kind, wordWrap=True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button


def _bold(font: QFont) -> QFont:
    font = QFont(font)
    font.setWeight(QFont.Weight.DemiBold)
    return font


def _name(widget: QWidget, name: str) -> None:
    """Give a widget another name in the style sheet."""
    if widget.objectName() != name:
        widget.setObjectName(name)
        widget.style().polish(widget)
