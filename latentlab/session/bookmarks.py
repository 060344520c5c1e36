"""Questions about bookmarks: points to come back to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.session.request import Priority, Request, SaveFile

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.session.interpolation import Bookmark
    from latentlab.session.points import ModelCard


@dataclass(frozen=True, slots=True)
class ReadBookmarks(Request["tuple[Bookmark, ...]"]):
    """Read the bookmarks of the open model, and decode them."""


@dataclass(frozen=True, slots=True)
class KeepBookmarks(Request["tuple[Bookmark, ...]"]):
    """Write the bookmarks of a model."""

    writes: ClassVar[bool] = True
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    card: ModelCard
    marks: tuple[Bookmark, ...]


@dataclass(frozen=True, slots=True)
class ImportBookmarks(Request["tuple[Bookmark, ...]"]):
    """Add the bookmarks of a file to those there are."""

    updates: ClassVar[type[Request[Any]] | None] = ReadBookmarks
    writes: ClassVar[bool] = True
    card: ModelCard
    marks: tuple[Bookmark, ...]
    path: Path


@dataclass(frozen=True, slots=True)
class ExportBookmarks(SaveFile):
    """Write bookmarks to a file of the user's choice."""

    card: ModelCard
    marks: tuple[Bookmark, ...]
    path: Path
