"""The Lesson panel: the list of lessons, or the present step of the open one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

from PySide6.QtWidgets import QStackedWidget, QWidget

from latentlab.session.lessons.checks import CHECKS
from latentlab.session.lessons.lesson import ListLessons, ReadLesson
from latentlab.session.state import NAMES
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.lesson.lesson_list import LessonList
from latentlab.widgets.panels.lesson.step_page import StepPage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller


class LessonPanel(PanelWidget):
    """List of lessons and the present step, of which one is shown."""

    # A check may read any field of the state but these, which change with every move.
    watches: Changes = frozenset(NAMES) - {"preview", "awaited", "working", "message"} | {
        ListLessons,
        ReadLesson,
    }

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.list, self.page = LessonList(), StepPage()
        self.pages = QStackedWidget()
        for page in (self.list, self.page):
            self.pages.addWidget(page)
        self.body.addWidget(self.pages, 1)
        self._shown: tuple[object, int] = (None, -1)
        lesson = controller.lesson
        self.list.chosen.connect(lesson.open)
        self.page.leave.clicked.connect(lesson.close)
        self.page.back.clicked.connect(lesson.go_back)
        self.page.next.clicked.connect(lesson.go_next)
        self.page.show_me.clicked.connect(lesson.show_me)

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        yield ListLessons()

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        """Show the step and what its check sees; only a visible panel checks."""
        opened = state.lesson
        if changed & {ListLessons, ReadLesson} and opened is None:
            self.list.show_entries(state.answer(ListLessons) or ())
        self.pages.setCurrentWidget(self.page if opened else self.list)
        if opened is None:
            self._shown = (None, -1)
            return
        if (opened.lesson, opened.at) != self._shown:
            self._shown = (opened.lesson, opened.at)
            self.page.show_step(opened)
        checked = CHECKS.run(opened.step.check, state) if opened.step.check else None
        self.page.show_progress(opened, checked)
        if checked and checked.is_done and not opened.is_done and not state.opening:
            self.controller.lesson.finish_step()


def badge(state: State) -> str:
    """Return the present step of the open lesson."""
    return f"step {state.lesson.at + 1}" if state.lesson else ""


PANEL = Panel(
    key="lesson",
    title="Lesson",
    places={"learn": Place(Area.LEFT)},
    help="Lessons about variational autoencoders, each of a few steps. A step says what to do in "
    "the panels beside it, and a check looks whether it was done: a tick appears. <b>Show me</b> "
    "does it while you watch. Lessons of your own are text files; drop one on the window.",
    widget=LessonPanel,
    badge=badge,
)
