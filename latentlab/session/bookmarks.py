"""Questions about bookmarks: points to come back to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from latentlab.session.request import Request

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.session.interpolation import Bookmark
    from latentlab.session.points import ModelCard


@dataclass(frozen=True, slots=True)
class ReadBookmarks(Request):
    """Read the bookmarks of the open model, and decode them."""

    field: ClassVar[str] = "bookmarks"


@dataclass(frozen=True, slots=True)
class KeepBookmarks(Request):
    """Write the bookmarks of a model."""

    writes: ClassVar[bool] = True
    urgency: ClassVar[int] = 1
    card: ModelCard
    marks: tuple[Bookmark, ...]

    @property
    def place(self) -> object:
        """See `Request.place`; the marks of no model take another's place."""
        return KeepBookmarks, self.card.source, self.card.name


@dataclass(frozen=True, slots=True)
class ImportBookmarks(Request):
    """Add the bookmarks of a file to those there are."""

    field: ClassVar[str] = "bookmarks"
    writes: ClassVar[bool] = True
    card: ModelCard
    marks: tuple[Bookmark, ...]
    path: Path


@dataclass(frozen=True, slots=True)
class ExportBookmarks(Request):
    """Write bookmarks to a file of the user's choice."""

    about_model: ClassVar[bool] = False
    writes: ClassVar[bool] = True
    card: ModelCard
    marks: tuple[Bookmark, ...]
    path: Path
