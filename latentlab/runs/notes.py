"""Notes and tags of a run, in a JSON file in its folder; of a shipped model in the user's."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, TypeAdapter

from latentlab.atomic_write import check_present, is_missing, set_aside, write_atomically
from latentlab.directories import home, resources
from latentlab.errors import RunError, shown
from latentlab.json_files import Record, read_json
from latentlab.session.library.notes import MAX_TAG_LENGTH, MAX_TAGS, MAX_TEXT_LENGTH, Notes

if TYPE_CHECKING:
    from pathlib import Path

STEM = "notes"
FORMAT = 1
MAX_BYTES = 1 << 16
Tag = Annotated[str, Field(min_length=1, max_length=MAX_TAG_LENGTH)]


class _Notes(Record):
    """Content of a notes file."""

    format: Literal[1] = 1
    notes: Annotated[str, Field(max_length=MAX_TEXT_LENGTH)] = ""
    tags: Annotated[tuple[Tag, ...], Field(max_length=MAX_TAGS)] = ()


_NOTES = TypeAdapter(_Notes)


def notes_file(folder: Path) -> Path:
    """Return the file with the notes of a run."""
    if is_shipped(folder):
        return home() / STEM / f"{folder.name}.json"
    return folder / f"{STEM}.json"


def is_shipped(folder: Path) -> bool:
    """Return whether a run folder is included in the program."""
    return _is_shipped(folder.parent)


@cache
def _is_shipped(parent: Path) -> bool:
    return parent.resolve() == (resources() / "models").resolve()


def read_notes(folder: Path) -> Notes:
    """Return the notes of a run; empty if there are none or their file is damaged."""
    file = notes_file(folder)
    if is_missing(file):
        return Notes()
    try:
        stored = read_json(file, _NOTES, most=MAX_BYTES)
    except RunError:
        return Notes()
    tags = (shown(tag, MAX_TAG_LENGTH) for tag in stored.tags)
    return Notes(shown(stored.notes, MAX_TEXT_LENGTH), tuple(dict.fromkeys(tags)))


def write_notes(folder: Path, notes: Notes) -> None:
    """Write the notes of a run; a damaged file is first renamed to ``notes.damaged``.

    Raises
    ------
    RunError
        If the folder is gone, or the file cannot be written.
    """
    check_present(folder, "notes")
    file = notes_file(folder)
    if file.exists():
        try:
            read_json(file, _NOTES, most=MAX_BYTES)
        except RunError:
            set_aside(file)
    content = {"format": FORMAT, "notes": notes.text[:MAX_TEXT_LENGTH], "tags": list(notes.tags)}
    text = json.dumps(content, indent=2, ensure_ascii=False)
    write_atomically(file, f"{text}\n".encode(errors="replace"))
