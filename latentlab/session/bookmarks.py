"""Requests about bookmarked points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.session.abilities import DECODER, Abilities
from latentlab.session.request import Priority, Request, SaveFile

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.session.interpolation import Bookmark
    from latentlab.session.points import ModelCard


@dataclass(frozen=True, slots=True)
class ReadBookmarks(Request["tuple[Bookmark, ...]"]):
    """Read and decode the bookmarks of the open model."""

    needs: ClassVar[Abilities] = DECODER


@dataclass(frozen=True, slots=True)
class SaveBookmarks(Request["tuple[Bookmark, ...]"]):
    """Write the bookmarks of a model."""

    writes: ClassVar[bool] = True
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    card: ModelCard
    marks: tuple[Bookmark, ...]


@dataclass(frozen=True, slots=True)
class ImportBookmarks(Request["tuple[Bookmark, ...]"]):
    """Add the bookmarks of a file to those of a model."""

    updates: ClassVar[type[Request[Any]] | None] = ReadBookmarks
    writes: ClassVar[bool] = True
    card: ModelCard
    marks: tuple[Bookmark, ...]
    path: Path


@dataclass(frozen=True, slots=True)
class ExportBookmarks(SaveFile):
    """Write bookmarks to a file that the user chose."""

    card: ModelCard
    marks: tuple[Bookmark, ...]
    path: Path
