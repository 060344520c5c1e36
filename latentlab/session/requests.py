"""Questions to the explorer and its answers, as frozen records that may cross threads.

A request holds all it needs; `session.answers` says what becomes of it on the explorer's
thread. This module is free of torch, so panels and controller can speak of requests without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.data.base import Splits
    from latentlab.latent.codes import Codes
    from latentlab.session.reports import Compared, Past
    from latentlab.session.scene import (
        Ends,
        GridSettings,
        ModelCard,
        Original,
        Picture,
        Point,
        SampleSettings,
        Tiles,
    )


class Request:
    """A question; lower `urgency` numbers are answered first, newer ones replace older."""

    urgency: ClassVar[int] = 5
    about_model: ClassVar[bool] = True
    """Whether the answer is worthless once another model is open."""
    writes: ClassVar[bool] = False
    """Whether it changes files, and so must be answered even though the window closes."""

    @property
    def place(self) -> object:
        """Where it waits: a newer request takes the place of an older one in the same."""
        return type(self)


@dataclass(frozen=True, slots=True)
class Opened:
    """A model is open: what it is, its codes, where to begin and how it was trained."""

    card: ModelCard
    codes: Codes
    start: Point
    ends: Ends
    original: Original | None
    past: Past


@dataclass(frozen=True, slots=True)
class Open(Request):
    """Open a run folder or a checkpoint."""

    about_model: ClassVar[bool] = False
    urgency: ClassVar[int] = 0
    path: Path


@dataclass(frozen=True, slots=True)
class Adopted:
    """The model under training has moved on."""

    card: ModelCard
    codes: Codes
    start: Point
    ends: Ends
    original: Original | None


@dataclass(frozen=True, slots=True)
class Adopt(Request):
    """Show the weights of a model under training."""

    about_model: ClassVar[bool] = False
    urgency: ClassVar[int] = 6
    recipe: Mapping[str, Any]
    splits: Splits = field(repr=False)
    weights: Mapping[str, NDArray] = field(repr=False)
    epoch: int
    folder: Path | None


@dataclass(frozen=True, slots=True)
class Decode(Request):
    """Decode the committed point."""

    urgency: ClassVar[int] = 1
    point: Point


@dataclass(frozen=True, slots=True)
class Hovered:
    """What lies under the cursor: a decoded point and the nearest real image, if any."""

    picture: Picture
    original: Original | None


@dataclass(frozen=True, slots=True)
class Hover(Request):
    """Decode the point under the cursor, and the image nearest to it."""

    urgency: ClassVar[int] = 2
    point: Point
    row: int | None = None


@dataclass(frozen=True, slots=True)
class MakeStrip(Request):
    """Decode the way from A to B."""

    urgency: ClassVar[int] = 3
    ends: Ends


@dataclass(frozen=True, slots=True)
class MakeManifold(Request):
    """Decode a grid over a plane."""

    urgency: ClassVar[int] = 4
    point: Point
    plane: tuple[int, int]
    grid: GridSettings


@dataclass(frozen=True, slots=True)
class MakeSamples(Request):
    """Decode points drawn from the prior."""

    settings: SampleSettings


@dataclass(frozen=True, slots=True)
class PickImage(Request):
    """Take an image of the map: its code, and its reconstruction."""

    urgency: ClassVar[int] = 1
    row: int
    role: str = "z"
    """What its code is to become: ``"z"``, ``"a"``, ``"b"``, or ``"follow"`` for z once more,
    after the model has changed under it."""


@dataclass(frozen=True, slots=True)
class EncodeFile(Request):
    """Encode a person's own picture."""

    urgency: ClassVar[int] = 1
    path: Path
    label: int | None = None
    role: str = "z"


@dataclass(frozen=True, slots=True)
class Exported:
    """A file was written."""

    path: Path


@dataclass(frozen=True, slots=True)
class Export(Request):
    """Write pictures to a file: a sheet as PNG, or frames as GIF where the name says so."""

    about_model: ClassVar[bool] = False
    writes: ClassVar[bool] = True
    tiles: Tiles
    path: Path
    info: Mapping[str, Any]
    gap: int = 0

    @property
    def place(self) -> object:
        """See `Request.place`; no file takes another's."""
        return Export, self.path


@dataclass(frozen=True, slots=True)
class ListLibrary(Request):
    """Look which models there are."""

    about_model: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class DescribeForm(Request):
    """Describe the training form."""

    about_model: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class ReadRecipe(Request):
    """Read a recipe file for the training form."""

    about_model: ClassVar[bool] = False
    path: Path


@dataclass(frozen=True, slots=True)
class Discard(Request):
    """Throw the folder of a cancelled run away."""

    about_model: ClassVar[bool] = False
    writes: ClassVar[bool] = True
    folder: Path

    @property
    def place(self) -> object:
        """See `Request.place`; no folder takes another's."""
        return Discard, self.folder


@dataclass(frozen=True, slots=True)
class ReadMoment(Request):
    """Look back at how a run looked at the end of an epoch."""

    urgency: ClassVar[int] = 2
    folder: Path
    epoch: int


@dataclass(frozen=True, slots=True)
class Compare(Request):
    """Read the curves of runs, to be drawn side by side."""

    about_model: ClassVar[bool] = False
    folders: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class SaveCurves(Request):
    """Draw the curves of runs into a file, or write them as CSV where its name says so."""

    about_model: ClassVar[bool] = False
    writes: ClassVar[bool] = True
    runs: tuple[Compared, ...]
    path: Path


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
