"""Requests about the open model: its points, its images, its manifold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.session.request import Lifetime, Priority, Request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.data.image_set import Splits
    from latentlab.latent.codes import Codes
    from latentlab.latent.planes import Frame
    from latentlab.session.points import (
        GridSettings,
        LatentPath,
        Manifold,
        ModelCard,
        Original,
        Picture,
        Point,
        Preview,
        SampleSettings,
        Tiles,
    )
    from latentlab.session.runs import RunLog


@dataclass(frozen=True, slots=True)
class Opened:
    """A model is open: what it is, its codes, where to begin and how it was trained.

    ``has_more`` says that `ShowRest` would bring more codes.
    """

    card: ModelCard
    codes: Codes
    start: Point
    ends: LatentPath
    original: Original | None
    past: RunLog
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class Open(Request["Opened"]):
    """Open a run folder or a checkpoint."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    path: Path


@dataclass(frozen=True, slots=True)
class Adopted:
    """The model under training has moved on."""

    card: ModelCard
    codes: Codes
    start: Point
    ends: LatentPath
    original: Original | None


@dataclass(frozen=True, slots=True)
class Adopt(Request["Adopted"]):
    """Show the weights of a model under training, once all that was asked of the last is done."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    modest: ClassVar[bool] = True
    priority: ClassVar[Priority] = Priority.IDLE
    recipe: Mapping[str, Any]
    splits: Splits = field(repr=False)
    weights: Mapping[str, NDArray] = field(repr=False)
    epoch: int
    folder: Path | None


@dataclass(frozen=True, slots=True)
class Decode(Request["Picture"]):
    """Decode the committed point."""

    priority: ClassVar[Priority] = Priority.INTERACTIVE
    point: Point


@dataclass(frozen=True, slots=True)
class Hover(Request["Preview"]):
    """Decode the point under the cursor, and the image nearest to it."""

    priority: ClassVar[Priority] = Priority.INTERACTIVE
    point: Point
    row: int | None = None


@dataclass(frozen=True, slots=True)
class DecodePath(Request["Tiles"]):
    """Decode the way from A to B."""

    modest: ClassVar[bool] = True
    ends: LatentPath


@dataclass(frozen=True, slots=True)
class MakeManifold(Request["Manifold"]):
    """Decode a grid over a plane."""

    modest: ClassVar[bool] = True
    point: Point
    frame: Frame
    grid: GridSettings


@dataclass(frozen=True, slots=True)
class MakeSamples(Request["Tiles"]):
    """Decode points drawn from the prior."""

    modest: ClassVar[bool] = True
    settings: SampleSettings


@dataclass(frozen=True, slots=True)
class PickImage(Request["Original"]):
    """Take an image of the map: its code, and its reconstruction."""

    priority: ClassVar[Priority] = Priority.INTERACTIVE
    row: int
    role: str = "z"
    """What its code becomes: ``"z"``, ``"a"`` or ``"b"``."""


@dataclass(frozen=True, slots=True)
class RenewImage(Request["Original"]):
    """Take the image that z is the code of once more, after the model has changed under it."""

    priority: ClassVar[Priority] = Priority.INTERACTIVE
    row: int


@dataclass(frozen=True, slots=True)
class EncodeFile(Request["Original"]):
    """Encode a person's own picture, by whatever model is open by then."""

    priority: ClassVar[Priority] = Priority.INTERACTIVE
    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    path: Path
    label: int | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """The codes of all images of the data set; the first ones are those that were there."""

    codes: Codes


@dataclass(frozen=True, slots=True)
class ShowAll(Request["Whole"]):
    """Encode the images that the map has left out, and have it show all."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.BACKGROUND


@dataclass(frozen=True, slots=True)
class ShowRest(Request["Whole"]):
    """Encode the images of the map that opening a model has left out."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.BACKGROUND
