"""Lessons and the progress in them: records and requests."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.session.request import Lifetime, Priority, Request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.session.lessons.calls import Call
    from latentlab.session.points import Point


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a lesson.

    Parameters
    ----------
    title, text : str
        Heading, and Markdown without HTML.
    panels : tuple of str
        Keys of the panels beside the lesson.
    formula : str
        Formula on one line; empty if there is none.
    image : ndarray of uint8, shape (H, W) or (H, W, 3), or None
        Illustration.
    hints : tuple of str
        What to do, one sentence each.
    check : Call or None
        Tells from the state whether it was done; see `session.lessons.checks`.
    shows : tuple of Call
        Actions that do it; see `workers.lesson_actions`.
    question, answer : str
        Question to think about, and its answer; empty if there is none.
    """

    title: str
    text: str = ""
    panels: tuple[str, ...] = ()
    formula: str = ""
    image: NDArray[np.uint8] | None = field(default=None, repr=False, compare=False)
    hints: tuple[str, ...] = ()
    check: Call | None = None
    shows: tuple[Call, ...] = ()
    question: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson.

    Parameters
    ----------
    path : Path
        Its file.
    title, about : str
        Name on screen, and one sentence on what is learned.
    minutes : int
        Estimated time.
    steps : tuple of Step
        At least one step.
    model, scene : Path or None
        Run folder of the model that it starts with, or scene.
    recipe : mapping or None
        Recipe that its training starts from.
    """

    path: Path
    title: str
    about: str
    minutes: int
    steps: tuple[Step, ...] = field(repr=False)
    model: Path | None = None
    scene: Path | None = None
    recipe: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class LessonEntry:
    """A lesson in the list.

    Parameters
    ----------
    path : Path
        Its file.
    title, about : str
        Name, and one sentence; the reason instead if it cannot be read.
    minutes, steps : int
        Estimated time, and number of steps; 0 if it cannot be read.
    at : int
        Step at which it was left.
    done : frozenset of int
        Steps whose check was passed.
    shipped : bool
        Whether it is included in the program.
    """

    path: Path
    title: str
    about: str
    minutes: int = 0
    steps: int = 0
    at: int = 0
    done: frozenset[int] = frozenset()
    shipped: bool = True

    @property
    def is_finished(self) -> bool:
        """Whether every step is done."""
        return 0 < self.steps == len(self.done)


@dataclass(frozen=True, slots=True)
class OpenedLesson:
    """The open lesson and the present step.

    Parameters
    ----------
    lesson : Lesson
        The lesson.
    at : int
        Index of the present step.
    done : frozenset of int
        Steps that are done.
    began : Point or None
        z at the beginning of the step.
    is_showing : bool
        Whether “Show me” is at work.
    classes : tuple of str or None
        Classes that its steps may name; None if they are not known when it is opened.
    """

    lesson: Lesson
    at: int = 0
    done: frozenset[int] = frozenset()
    began: Point | None = None
    is_showing: bool = False
    classes: tuple[str, ...] | None = None

    @property
    def step(self) -> Step:
        """The present step."""
        return self.lesson.steps[self.at]

    @property
    def is_done(self) -> bool:
        """Whether the present step is done."""
        return self.at in self.done

    def moved(self, at: int, began: Point | None) -> OpenedLesson:
        """Return the lesson at another step."""
        at = min(max(0, at), len(self.lesson.steps) - 1)
        return replace(self, at=at, began=began)


@dataclass(frozen=True, slots=True)
class ListLessons(Request["tuple[LessonEntry, ...]"]):
    """List the lessons and the progress in them."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION


@dataclass(frozen=True, slots=True)
class ReadLesson(Request["OpenedLesson"]):
    """Read a lesson, at the step where it was left."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    path: Path


@dataclass(frozen=True, slots=True)
class KeepProgress(Request["tuple[LessonEntry, ...]"]):
    """Save the progress in a lesson. Answers with the list."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    writes: ClassVar[bool] = True
    updates: ClassVar[type[Request[Any]] | None] = ListLessons
    path: Path
    at: int
    done: frozenset[int] = frozenset()
