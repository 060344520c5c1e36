"""Questions about the runs there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from latentlab.session.requests.base import Request

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ListLibrary(Request):
    """Look which models there are."""

    field: ClassVar[str] = "library"
    about_model: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Discard(Request):
    """Move a cancelled run out of the library, to where `Restore` finds it."""

    about_model: ClassVar[bool] = False
    writes: ClassVar[bool] = True
    folder: Path

    @property
    def place(self) -> object:
        """See `Request.place`; no folder takes another's."""
        return Discard, self.folder


@dataclass(frozen=True, slots=True)
class Discarded:
    """What a discarded run was called, and the folder in which it is now."""

    name: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Restore(Request):
    """Move a discarded run back among the runs."""

    about_model: ClassVar[bool] = False
    writes: ClassVar[bool] = True
    folder: Path

    @property
    def place(self) -> object:
        """See `Request.place`; no folder takes another's."""
        return Restore, self.folder


@dataclass(frozen=True, slots=True)
class Restored:
    """A discarded run that is back: its name and its folder."""

    name: str
    folder: Path


@dataclass(frozen=True, slots=True)
class ReadMoment(Request):
    """Look back at how a run looked at the end of an epoch."""

    urgency: ClassVar[int] = 2
    about_model: ClassVar[bool] = False
    folder: Path
    epoch: int


@dataclass(frozen=True, slots=True)
class Compare(Request):
    """Read the curves of runs, to be drawn side by side."""

    field: ClassVar[str] = "compared"
    about_model: ClassVar[bool] = False
    folders: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Rename(Request):
    """Call a run something else."""

    about_model: ClassVar[bool] = False
    writes: ClassVar[bool] = True
    folder: Path
    name: str

    @property
    def place(self) -> object:
        """See `Request.place`; no folder takes another's."""
        return Rename, self.folder


@dataclass(frozen=True, slots=True)
class Trash(Request):
    """Move a run to the system's trash."""

    about_model: ClassVar[bool] = False
    writes: ClassVar[bool] = True
    folder: Path

    @property
    def place(self) -> object:
        """See `Request.place`; no folder takes another's."""
        return Trash, self.folder
