"""Requests about the open model: points, images, samples and manifold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.session.abilities import DECODER, ENCODER_DECODER, Abilities
from latentlab.session.request import Lifetime, Priority, Request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.data.condition import Label
    from latentlab.data.parts import Splits
    from latentlab.latent.codes import Codes
    from latentlab.latent.planes import Plane
    from latentlab.session.points import (
        CodebookTiles,
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
    """Newly opened model: description, codes, initial point and path, and run log.

    ``has_more`` is True if `ShowRest` would add codes.
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
    """Newer weights of the model under training: description, codes, initial point and path."""

    card: ModelCard
    codes: Codes
    start: Point
    ends: LatentPath
    original: Original | None


@dataclass(frozen=True, slots=True)
class Adopt(Request["Adopted"]):
    """Show the weights of a model under training, after all requests about the previous ones."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    modest: ClassVar[bool] = True
    priority: ClassVar[Priority] = Priority.IDLE
    recipe: Mapping[str, Any]
    splits: Splits = field(repr=False)
    weights: Mapping[str, NDArray] = field(repr=False)
    epoch: int
    folder: Path | None


SET_ATTRIBUTE = "image set"
"""Attribute that tells the images of the run from others on the same map."""


@dataclass(frozen=True, slots=True)
class ShowData(Request["Adopted"]):
    """Show the images of another data set with the open model.

    Parameters
    ----------
    values : mapping or None
        Plain values of its data config; None for the images of the run.
    together : bool
        Whether the images of the run stay on the map.
    """

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    values: Mapping[str, Any] | None
    together: bool = False


@dataclass(frozen=True, slots=True)
class Decode(Request["Picture"]):
    """Decode the current point z."""

    needs: ClassVar[Abilities] = DECODER
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    point: Point


@dataclass(frozen=True, slots=True)
class Hover(Request["Preview"]):
    """Decode the point under the cursor, with the image of `row` if given."""

    priority: ClassVar[Priority] = Priority.INTERACTIVE
    point: Point
    row: int | None = None


@dataclass(frozen=True, slots=True)
class DecodePath(Request["Tiles"]):
    """Decode the path from A to B."""

    needs: ClassVar[Abilities] = DECODER
    modest: ClassVar[bool] = True
    ends: LatentPath


@dataclass(frozen=True, slots=True)
class MakeManifold(Request["Manifold"]):
    """Decode a grid over a plane."""

    needs: ClassVar[Abilities] = DECODER
    modest: ClassVar[bool] = True
    point: Point
    frame: Plane
    grid: GridSettings


@dataclass(frozen=True, slots=True)
class MakeSamples(Request["Tiles"]):
    """Decode points drawn from the prior."""

    needs: ClassVar[Abilities] = DECODER
    modest: ClassVar[bool] = True
    settings: SampleSettings


@dataclass(frozen=True, slots=True)
class DrawPoint(Request["Point"]):
    """Draw a point from the learned prior, with the label of `point`."""

    needs: ClassVar[Abilities] = DECODER
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    point: Point
    seed: int


@dataclass(frozen=True, slots=True)
class FetchPseudoInputs(Request["Tiles"]):
    """Get the pseudo-inputs of a VampPrior: the images, and the means of their posteriors."""

    needs: ClassVar[Abilities] = ENCODER_DECODER
    modest: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class FetchCodebook(Request["CodebookTiles"]):
    """Decode the codes of a quantized model that are in most use."""

    needs: ClassVar[Abilities] = DECODER
    modest: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class PickImage(Request["Original"]):
    """Get an image of the map, its code and its reconstruction."""

    priority: ClassVar[Priority] = Priority.INTERACTIVE
    row: int
    role: str = "z"
    """Point that its code replaces: ``"z"``, ``"a"`` or ``"b"``."""
    to: Label | None = None
    """Other label that z is decoded with; None for that of the image."""


@dataclass(frozen=True, slots=True)
class EncodeImageAgain(Request["Original"]):
    """Encode the image that z is the code of again after the weights changed."""

    priority: ClassVar[Priority] = Priority.INTERACTIVE
    row: int


@dataclass(frozen=True, slots=True)
class EncodeFile(Request["Original"]):
    """Encode the user's image file with the model that is open when the request runs."""

    needs: ClassVar[Abilities] = ENCODER_DECODER
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    path: Path
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class AllCodes:
    """Codes of all images of the data set; the ones already on the map come first."""

    codes: Codes


@dataclass(frozen=True, slots=True)
class ShowAll(Request["AllCodes"]):
    """Encode the images of the data set that are not on the map and add them."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.BACKGROUND


@dataclass(frozen=True, slots=True)
class ShowRest(Request["AllCodes"]):
    """Encode the images of the map that were skipped when the model was opened."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.BACKGROUND
