"""Answers about lessons: the list, the content of a file, and the progress of the user."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, TypeAdapter

from latentlab.atomic_write import write_atomically
from latentlab.data.own_image.preprocess import read_source
from latentlab.directories import LESSON_SUFFIX, home, is_run, resources
from latentlab.errors import DataError, LatentlabError, RunError, reading
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.json_files import Count, Record, read_json
from latentlab.learning.checkpoint import read_checkpoint
from latentlab.learning.recipe import make_recipe
from latentlab.session.lessons.checks import CHECKS
from latentlab.session.lessons.lesson import (
    KeepProgress,
    Lesson,
    LessonEntry,
    ListLessons,
    OpenedLesson,
    ReadLesson,
)
from latentlab.session.lessons.read import MAX_STEPS, Parsed, is_lesson, parse_lesson
from latentlab.text_files import read_text
from latentlab.work import finish

if TYPE_CHECKING:
    from pathlib import Path

FILE = "lessons.json"
MAX_LESSONS = 1000
"""Maximum number of lessons whose progress is kept."""
ADVICE = "The section on lessons in CONTRIBUTING.md shows how one is written."


class _Progress(Record):
    """Step at which a lesson was left, and the steps that are done."""

    at: Count = 0
    done: Annotated[tuple[Count, ...], Field(max_length=MAX_STEPS)] = ()


_FILE = TypeAdapter(Annotated[dict[str, _Progress], Field(max_length=MAX_LESSONS)])


def shipped_lessons() -> list[Path]:
    """Return the files of the lessons that come with the program, in their order."""
    return sorted((resources() / "lessons").glob(f"[0-9]*{LESSON_SUFFIX}"))


def read_lesson(path: Path) -> Lesson:
    """Read a lesson, with its images, and find its model and its scene.

    Raises
    ------
    DataError
        If it is not a valid lesson, or a file that it names is missing.
    """
    with reading(path, DataError, ADVICE, "is not a lesson"):
        text = read_text(path)
    if not is_lesson(text):
        raise DataError(f"{path.name} is not a lesson.", ADVICE)
    found = parse_lesson(text)
    steps = list(found.steps)
    for number, name in found.images.items():
        steps[number] = replace(steps[number], image=read_source(_beside(path, name)).pixels)
    found = replace(found, steps=tuple(steps))
    scene = found.header.scene
    return found.lesson(path, _model(path, found), _beside(path, scene) if scene else None)


def _model(path: Path, found: Parsed) -> Path | None:
    name = found.header.model
    if name is None:
        return None
    places = (resources() / "models" / name, path.parent / name)
    model = next((place for place in places if is_run(place)), None)
    if model is None:
        raise DataError(
            f"The lesson {path.name} needs the model {name!r}, which is not here.",
            "Put its run folder beside the lesson.",
        )
    return model


def _beside(path: Path, name: str) -> Path:
    file = path.parent / name
    if not file.is_file():
        raise DataError(f"The lesson {path.name} needs {name}.", "Put that file beside the lesson.")
    return file


@answer.register
def _(request: ListLessons, explorer: Explorer) -> tuple[LessonEntry, ...]:
    return _entries()


@answer.register
def _(request: ReadLesson, explorer: Explorer) -> OpenedLesson:
    lesson = read_lesson(request.path)
    kept = read_progress().get(_key(request.path), _Progress())
    count = len(lesson.steps)
    done = frozenset(step for step in kept.done if step < count)
    classes = _classes(lesson)
    for step in lesson.steps:
        if step.check and classes is not None:
            CHECKS.require_classes(step.check, classes)
    return OpenedLesson(lesson, min(kept.at, count - 1), done, classes=classes)


def _classes(lesson: Lesson) -> tuple[str, ...] | None:
    """Return the classes of the model and of the data of a lesson; None if they are unknown."""
    if lesson.model is None or lesson.scene is not None:
        return None
    names = [*read_checkpoint(lesson.model).spec.class_names]
    if lesson.recipe is not None:
        if "data" not in lesson.recipe:
            return None
        outline = finish(make_recipe(lesson.recipe).data.outline())
        if outline is None or not outline.spec.class_names:
            return None
        names += outline.spec.class_names
    return tuple(dict.fromkeys(names))


@answer.register
def _(request: KeepProgress, explorer: Explorer) -> tuple[LessonEntry, ...]:
    progress, key = read_progress(), _key(request.path)
    progress.pop(key, None)
    progress[key] = _Progress(at=request.at, done=tuple(sorted(request.done)))
    # The last written are the last used.
    kept = dict(list(progress.items())[-MAX_LESSONS:])
    values = {name: each.model_dump() for name, each in kept.items()}
    write_atomically(home() / FILE, json.dumps(values, indent=1).encode(), durable=False)
    return _entries()


def _entries() -> tuple[LessonEntry, ...]:
    progress, shipped = read_progress(), shipped_lessons()
    others = [place for key in progress if (place := resources().parent / key).is_file()]
    paths = dict.fromkeys([*shipped, *(each for each in others if each not in shipped)])
    return tuple(
        _entry(path, progress.get(_key(path), _Progress()), path in shipped) for path in paths
    )


def _entry(path: Path, kept: _Progress, shipped: bool) -> LessonEntry:
    try:
        lesson = read_lesson(path)
    except LatentlabError as error:
        return LessonEntry(path, path.stem, f"{error.message} {error.advice}", shipped=shipped)
    count = len(lesson.steps)
    done = frozenset(step for step in kept.done if step < count)
    about = (lesson.title, lesson.about, lesson.minutes, count)
    return LessonEntry(path, *about, min(kept.at, count - 1), done, shipped)


def read_progress() -> dict[str, _Progress]:
    """Return the progress by lesson; none if its file is missing or damaged."""
    try:
        return read_json(home() / FILE, _FILE)
    except RunError:
        return {}


def _key(path: Path) -> str:
    """Return the key of a lesson: the name of a shipped one, else its path."""
    return path.stem if path in shipped_lessons() else str(path.resolve())
