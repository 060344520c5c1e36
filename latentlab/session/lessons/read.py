"""Reader of lessons.

A lesson is a text file. Between two lines ``+++`` stands a header in TOML; each step begins with a
heading ``## Title``, followed by Markdown, an empty line, and then by fields, one per line; an
indented line continues a field::

    +++
    title = "What a latent space is"
    minutes = 8
    about = "Slant and weight of handwriting on two sliders."
    model = "digits-2d"
    +++

    ## Every point is an image

    The decoder makes an image of **every** point z.

    panels: map, image
    formula: x = decoder(z)
    do: Click the map.
    check: z_moved(distance = 1.0)
    show: slide(dimension = 1, to = 2.0)
    question: What happens far away from all codes?
    answer: The decoder still answers, with images that are like no digit.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, JsonValue, ValidationError

from latentlab.errors import DataError, listed, nearest, reason_of
from latentlab.json_files import Record
from latentlab.session.lessons.calls import Call
from latentlab.session.lessons.checks import CHECKS
from latentlab.session.lessons.lesson import Lesson, Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FENCE = "+++"
FIELDS = ("panels", "formula", "image", "do", "check", "show", "question", "answer")
REPEATED = ("do", "show")
"""Fields that a step may have several times."""
MAX_STEPS, MAX_PANELS, MAX_FIELDS = 40, 4, 24
MAX_TEXT = 6000
"""Maximum number of characters of the text of a step."""
MAX_FIELD = 1500
"""Maximum number of characters of a field."""
_FIELD = re.compile(r"([a-z]+):(?: +|$)(.*)")
_CALL = re.compile(r"([a-z_]+)\((.*)\)")
_FORBIDDEN = re.compile(r"<[A-Za-z/!]|!\[")
"""HTML, and images, which could name files anywhere."""
Text = Annotated[str, Field(min_length=1, max_length=200)]
FileName = Annotated[str, Field(pattern=r"^[^/\\:]+$", max_length=200)]
"""Name of a file beside the lesson."""


class Header(Record, extra="forbid"):
    """Header of a lesson; `model` is the name of a shipped model or of a run folder beside it."""

    title: Text
    minutes: Annotated[int, Field(ge=1, le=240)]
    about: Text
    model: FileName | None = None
    scene: FileName | None = None
    recipe: dict[str, JsonValue] | None = None


@dataclass(slots=True)
class _Draft:
    """A step while it is read: its line, its text, and its fields with their lines."""

    title: str
    line: int
    text: list[str] = field(default_factory=list)
    fields: list[tuple[str, int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Parsed:
    """Content of a lesson file; `images` names the file of each step that has one."""

    header: Header
    steps: tuple[Step, ...]
    images: dict[int, str]

    def lesson(self, path: Path, model: Path | None, scene: Path | None) -> Lesson:
        """Return the lesson, with the paths that its header names."""
        head = self.header
        parts = (self.steps, model, scene, head.recipe)
        return Lesson(path, head.title, head.about, head.minutes, *parts)


def is_lesson(text: str) -> bool:
    """Return whether a text begins as a lesson does."""
    return text.lstrip().startswith(FENCE)


def parse_lesson(text: str) -> Parsed:
    """Parse the text of a lesson.

    Raises
    ------
    DataError
        If it is not a valid lesson; names the line.
    """
    header, body, first = _split(text)
    drafts = _drafts(body, first)
    if not drafts:
        raise _error(first, "there is no step", "Begin each step with a line '## Title'.")
    if len(drafts) > MAX_STEPS:
        raise _error(drafts[MAX_STEPS].line, f"it has more than {MAX_STEPS} steps")
    steps: list[Step] = []
    images: dict[int, str] = {}
    for draft in drafts:
        before = steps[-1].panels if steps else ()
        step, image = _step(draft, before)
        if image:
            images[len(steps)] = image
        steps.append(step)
    return Parsed(header, tuple(steps), images)


def _split(text: str) -> tuple[Header, list[str], int]:
    """Return the header, the lines after it, and the number of the first of these."""
    lines = text.lstrip("\ufeff").split("\n")
    fences = [i for i, line in enumerate(lines) if line.strip() == FENCE][:2]
    if len(fences) < 2 or any(line.strip() for line in lines[: fences[0]]):
        advice = f"Begin with a header in TOML between two lines {FENCE}."
        raise _error(1, "it has no header", advice)
    start, end = fences
    # As many lines as in the file, so that messages of the parser name its lines.
    head = "\n" * (start + 1) + "\n".join(lines[start + 1 : end])
    try:
        values = tomllib.loads(head)
    except (ValueError, RecursionError) as error:  # ValueError: a number of over 4,300 digits
        raise DataError(f"The header of the lesson is not TOML: {reason_of(error)}.") from None
    return _header(values, start + 1), lines[end + 1 :], end + 2


def _header(values: dict[str, Any], line: int) -> Header:
    try:
        return Header.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        known = f"It may have {listed(list(Header.model_fields), 12)}."
        raise _error(line, f"{key} of the header: {first['msg']}", known) from None


def _drafts(lines: list[str], first: int) -> list[_Draft]:
    drafts: list[_Draft] = []
    for number, line in enumerate(lines, first):
        if line.startswith("## "):
            drafts.append(_Draft(line[3:].strip(), number))
        elif not drafts:
            if line.strip():
                raise _error(number, "there is text before the first step")
        else:
            _add(drafts[-1], line.rstrip(), number)
    return drafts


def _add(draft: _Draft, line: str, number: int) -> None:
    if _FORBIDDEN.search(line):
        raise _error(number, "HTML and images in the text are not shown", "Use 'image: file.png'.")
    # Within a paragraph a word with a colon is text.
    begins = bool(draft.fields) or not draft.text or not draft.text[-1]
    found = _FIELD.match(line) if begins else None
    if found and found[1] in FIELDS:
        draft.fields.append((found[1], number, found[2].strip()))
        if len(draft.fields) > MAX_FIELDS:
            raise _error(number, f"the step has more than {MAX_FIELDS} fields")
    elif found:
        advice = nearest(found[1], FIELDS, f"Fields are {listed(FIELDS, 12)}.")
        raise _error(number, f"there is no field {found[1]!r}", advice)
    elif draft.fields and line.startswith(" "):
        name, at, value = draft.fields[-1]
        draft.fields[-1] = (name, at, f"{value} {line.strip()}")
    elif draft.fields and line:
        raise _error(number, "text after the fields of a step", "Put the text before the fields.")
    elif not draft.fields:
        draft.text.append(line)


def _step(draft: _Draft, before: tuple[str, ...]) -> tuple[Step, str]:
    """Return a step, and the name of its image; empty if it has none."""
    text = "\n".join(draft.text).strip()
    if not draft.title or len(draft.title) > 120:
        raise _error(draft.line, "the title of a step has 1 to 120 characters")
    if len(text) > MAX_TEXT:
        raise _error(draft.line, f"the text of the step is longer than {MAX_TEXT} characters")
    found = _by_name(draft)
    one = {name: lines[0][1] for name, lines in found.items()}
    checks = list(_calls(found.get("check", [])))
    for check in checks:
        CHECKS.validate(check)
    if ("question" in one) != ("answer" in one):
        raise _error(draft.line, "a question needs an answer, and an answer a question")
    panels = _panels(found["panels"][0]) if "panels" in found else before
    image = one.get("image", "")
    if re.search(r"[/\\:]", image):
        line = found["image"][0][0]
        raise _error(line, "an image is a file beside the lesson, without a folder")
    step = Step(
        draft.title,
        text,
        panels,
        one.get("formula", ""),
        None,
        tuple(value for _, value in found.get("do", [])),
        checks[0] if checks else None,
        tuple(_calls(found.get("show", []))),
        one.get("question", ""),
        one.get("answer", ""),
    )
    return step, image


def _by_name(draft: _Draft) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    for name, line, value in draft.fields:
        if name in found and name not in REPEATED:
            raise _error(line, f"the step has {name!r} twice")
        if not value or len(value) > MAX_FIELD:
            raise _error(line, f"{name!r} has 1 to {MAX_FIELD} characters")
        found.setdefault(name, []).append((line, value))
    return found


def _panels(found: tuple[int, str]) -> tuple[str, ...]:
    line, value = found
    names = tuple(name.strip() for name in value.split(","))
    if len(names) > MAX_PANELS or len(set(names)) < len(names):
        raise _error(line, f"a step shows at most {MAX_PANELS} panels, each once")
    return names


def _calls(found: list[tuple[int, str]]) -> Iterator[Call]:
    for line, value in found:
        call = _CALL.fullmatch(value)
        if call is None:
            raise _error(line, f"{value!r} is not of the form name(key = value)")
        try:
            arguments = tomllib.loads(f"arguments = {{{call[2]}}}")["arguments"]
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            # Its line is that of the field, not that of the lesson.
            reason = reason_of(error).partition(" (at ")[0]
            raise _error(line, f"the arguments of {call[1]}: {reason}") from None
        yield Call(call[1], arguments, line)


def _error(line: int, text: str, advice: str = "") -> DataError:
    return DataError(f"Line {line} of the lesson: {text}.", advice)
