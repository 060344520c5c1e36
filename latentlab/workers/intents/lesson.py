"""Actions on lessons: open one, go to a step, show how a step is done."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from latentlab.errors import LatentlabError
from latentlab.session.lessons.lesson import KeepProgress, OpenedLesson, ReadLesson
from latentlab.workers.lesson_actions import ACTIONS, TICK_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from latentlab.session.lessons.calls import Call
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller


class LessonIntents(QObject):
    """Actions on lessons.

    “Show me” performs the actions of a step one tick after another. An action is a generator that
    uses the intents of the controller, as the panels do, and yields where it waits.

    Parameters
    ----------
    controller : Controller
        Performs the actions of the steps.
    """

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller)
        self._controller, self._store = controller, controller.store
        self._ticks: Iterator[None] = iter(())
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        controller.demand.on(ReadLesson, self._on_read)
        self._store.changed.connect(self._on_changed)

    @Slot(object, object)
    def _on_changed(self, state: State, changed: Changes) -> None:
        """Let a step begin again at the point of another model."""
        lesson, point = state.lesson, state.point
        if "model" in changed and lesson and point:
            began = lesson.began
            if began is None or began.model != point.model:
                self._store.put(ReadLesson, replace(lesson, began=point))

    def open(self, path: Path) -> None:
        """Open a lesson at the step where it was left; the workspace Learn shows it."""
        self._store.dismiss_failure()
        self._controller.demand.ask(ReadLesson(path))

    def _on_read(self, _: ReadLesson, opened: OpenedLesson) -> None:
        lesson = opened.lesson
        try:
            for step in lesson.steps:
                for call in step.shows:
                    ACTIONS.validate(call)
                    if opened.classes is not None:
                        ACTIONS.require_classes(call, opened.classes)
        except LatentlabError as error:
            self._store.refuse(error.message, error.advice)
            return
        self._halt()
        controller = self._controller
        self._store.put(ReadLesson, replace(opened, began=self._store.state.point))
        controller.workspaces.go("learn")
        controller.runs.compare(())
        now = self._store.state.model
        if lesson.scene:
            controller.scene.look_for(lesson.scene, is_needed=True)
        elif lesson.model and (now is None or now.source != lesson.model):
            controller.runs.open(lesson.model)
        if lesson.recipe:
            controller.training.use_recipe(lesson.recipe, "the recipe of the lesson")
        self._keep()

    def close(self) -> None:
        """Show the list of lessons again; the progress is kept."""
        self._halt()
        self._store.put(ReadLesson, None)

    def go(self, at: int) -> None:
        """Show a step of the open lesson, counted from 0."""
        self._halt()
        if lesson := self._store.state.lesson:
            self._store.put(ReadLesson, lesson.moved(at, self._store.state.point))
            self._keep()

    def go_next(self) -> None:
        """Show the next step; a step without a check is done when it was read."""
        lesson = self._store.state.lesson
        if lesson is None:
            return
        if lesson.step.check is None:
            self.finish_step()
        if lesson.at + 1 < len(lesson.lesson.steps):
            self.go(lesson.at + 1)
        else:
            self.close()

    def go_back(self) -> None:
        """Show the step before."""
        if lesson := self._store.state.lesson:
            self.go(lesson.at - 1)

    def finish_step(self) -> None:
        """Mark the present step as done."""
        lesson = self._store.state.lesson
        if lesson and not lesson.is_done:
            self._store.put(ReadLesson, replace(lesson, done=lesson.done | {lesson.at}))
            self._keep()

    def _keep(self) -> None:
        if lesson := self._store.state.lesson:
            self._controller.demand.ask(KeepProgress(lesson.lesson.path, lesson.at, lesson.done))

    # Show me

    def show_me(self) -> None:
        """Do what the present step asks for, visibly; stop if it is being shown already."""
        lesson = self._store.state.lesson
        if lesson is None or lesson.is_showing:
            self._halt()
            return
        self._store.dismiss_failure()
        self._store.put(ReadLesson, replace(lesson, is_showing=True))
        self._ticks = self._perform(lesson.step.shows)
        self._timer.start()

    def _perform(self, calls: Iterable[Call]) -> Iterator[None]:
        for call in calls:
            try:
                yield from ACTIONS.run(call, self._controller)
            except LatentlabError as error:
                text = f"Line {call.line} of the lesson: {error.message}"
                self._store.refuse(text, error.advice)
                return

    @Slot()
    def _tick(self) -> None:
        if self._store.state.failure is not None or next(self._ticks, self) is self:
            self._halt()

    def _halt(self) -> None:
        self._timer.stop()
        self._ticks = iter(())
        lesson = self._store.state.lesson
        if lesson and lesson.is_showing:
            self._store.put(ReadLesson, replace(lesson, is_showing=False))
