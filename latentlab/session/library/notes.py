"""Notes and tags of a run: record and request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentlab.session.request import Write

if TYPE_CHECKING:
    from pathlib import Path

MAX_TEXT_LENGTH = 4000
MAX_TAGS, MAX_TAG_LENGTH = 20, 40


@dataclass(frozen=True, slots=True)
class Notes:
    """What the user wrote about a run.

    Parameters
    ----------
    text : str
        Notes, any number of lines.
    tags : tuple of str
        Short words, each once.
    """

    text: str = ""
    tags: tuple[str, ...] = ()

    @property
    def tags_text(self) -> str:
        """Tags as they are typed, separated by commas."""
        return ", ".join(self.tags)


def parse_tags(text: str) -> tuple[str, ...]:
    """Return the tags in a text, separated by commas, each once."""
    tags = (" ".join(part.split())[:MAX_TAG_LENGTH] for part in text.split(","))
    return tuple(dict.fromkeys(tag for tag in tags if tag))[:MAX_TAGS]


@dataclass(frozen=True, slots=True)
class Annotate(Write[Notes]):
    """Save the notes of a run; answered with the previous ones."""

    folder: Path
    notes: Notes
