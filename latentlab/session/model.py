"""Requests about the open model: its points, its images, its manifold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.session.request import Request

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
        ModelCard,
        Original,
        Picture,
        Point,
        SampleSettings,
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
    ends: LatentPath
    original: Original | None


@dataclass(frozen=True, slots=True)
class Adopt(Request):
    """Show the weights of a model under training, once all that was asked of the last is done."""

    about_model: ClassVar[bool] = False
    modest: ClassVar[bool] = True
    urgency: ClassVar[int] = 10
    recipe: Mapping[str, Any]
    splits: Splits = field(repr=False)
    weights: Mapping[str, NDArray] = field(repr=False)
    epoch: int
    folder: Path | None


@dataclass(frozen=True, slots=True)
class Decode(Request):
    """Decode the committed point."""

    field: ClassVar[str] = "picture"
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
class DecodePath(Request):
    """Decode the way from A to B."""

    field: ClassVar[str] = "strip"
    modest: ClassVar[bool] = True
    urgency: ClassVar[int] = 3
    ends: LatentPath


@dataclass(frozen=True, slots=True)
class MakeManifold(Request):
    """Decode a grid over a plane."""

    field: ClassVar[str] = "manifold"
    modest: ClassVar[bool] = True
    urgency: ClassVar[int] = 4
    point: Point
    frame: Frame
    grid: GridSettings


@dataclass(frozen=True, slots=True)
class MakeSamples(Request):
    """Decode points drawn from the prior."""

    field: ClassVar[str] = "samples"
    modest: ClassVar[bool] = True
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
    """Encode a person's own picture, by whatever model is open by then."""

    urgency: ClassVar[int] = 1
    about_model: ClassVar[bool] = False
    path: Path
    label: int | None = None
    role: str = "z"


@dataclass(frozen=True, slots=True)
class Whole:
    """The codes of all images of the data set; the first ones are those that were there."""

    codes: Codes


@dataclass(frozen=True, slots=True)
class ShowAll(Request):
    """Encode the images that the map has left out, and have it show all."""

    urgency: ClassVar[int] = 7


@dataclass(frozen=True, slots=True)
class ShowRest(Request):
    """Encode the images of the map that opening a model has left out."""

    urgency: ClassVar[int] = 7
