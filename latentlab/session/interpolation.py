"""Paths and points in latent space: records and requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from latentlab.session.abilities import DECODER, DECODER_GRADIENT, MODEL_WITH_POSTERIORS, Abilities
from latentlab.session.request import Lifetime, Priority, Request

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.data.condition import Label
    from latentlab.latent.interpolation.curves import PathKind
    from latentlab.latent.support import Support
    from latentlab.session.points import LatentPath, Point, Tiles


EDGE, OFF = 0.5, 0.75
"""Levels above which a point is at the edge of the data, and outside the data."""


def describe_level(level: float) -> str:
    """Describe a support level in words; see `latent.support.level_of`."""
    if level <= EDGE:
        return "well supported by the data"
    return "weakly supported by the data" if level <= OFF else "unsupported by the data"


@dataclass(frozen=True, slots=True)
class DecodedPath:
    """Decoded interpolation path.

    Parameters
    ----------
    way : PathKind
        Interpolation method.
    tiles : Tiles
        Decoded steps.
    support : Support or None
        Data support of each step; None if there are too few codes.
    length : float
        Length in pixel space, Σ |x_{i+1} - x_i|, pixel range [0, 1].
    note : str
        Remark for the user.
    """

    way: PathKind
    tiles: Tiles
    support: Support | None
    length: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class DecodedPaths:
    """Decoded paths of several kinds between the same end points."""

    ends: LatentPath
    strips: tuple[DecodedPath, ...]


@dataclass(frozen=True, slots=True)
class PointSupport:
    """Data support of a point. Reference values are those of samples of the posteriors.

    Parameters
    ----------
    point : Point
        The point.
    level : float or None
        The worse of density and drift: up to ½ for 90 % of the data, up to ¾ for 99 %, at most 1.
        None without codes.
    density : float
        Density of codes relative to the reference.
    nearest : float
        Distance to the nearest code relative to the reference.
    drift : float
        |encode(decode(z)) - z|, in standard deviations of the posterior per dimension.
    usual_drift : float
        90th percentile of the drift of the data.
    is_blind : bool
        Whether the decoder ignores z, so that all points are equal: the model is untrained, has
        diverged, or all posteriors have collapsed.
    """

    point: Point
    level: float | None
    density: float
    nearest: float
    drift: float
    usual_drift: float
    is_blind: bool = False


@dataclass(frozen=True, slots=True)
class Blend:
    """(A - B)·t + C.

    Parameters
    ----------
    points : tuple of Point
        A, B, C and the result.
    pictures : ndarray of uint8, shape (4, H, W) or (4, H, W, 3)
        Decoded images of the points.
    """

    points: tuple[Point, ...]
    pictures: NDArray[np.uint8] = field(repr=False, compare=False)

    @property
    def slots(self) -> tuple[Point, ...]:
        """A, B and C."""
        return self.points[:3]


class Range(StrEnum):
    """Range of a traversal along each dimension."""

    DEVIATIONS = "data ± σ"
    QUANTILES = "data 1–99 %"
    PRIOR = "prior ± σ"


@dataclass(frozen=True, slots=True)
class TraversalSettings:
    """Number of columns, range, half-width in standard deviations, and maximum of dimensions."""

    columns: int = 9
    range: Range = Range.DEVIATIONS
    span: float = 2.0
    most: int = 32


@dataclass(frozen=True, slots=True)
class Traversal:
    """Latent traversal: each dimension varied alone.

    Parameters
    ----------
    tiles : Tiles
        Decoded images, one row per dimension.
    dimensions : tuple of int
        Dimensions in descending order of KL.
    kl : tuple of float
        Mean KL of each, nats per image.
    values : ndarray of float64, shape (rows, columns)
        Coordinates.
    total : int
        Number of latent dimensions.
    """

    tiles: Tiles
    dimensions: tuple[int, ...]
    kl: tuple[float, ...]
    values: NDArray[np.float64] = field(repr=False, compare=False)
    total: int


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Bookmarked point.

    Parameters
    ----------
    point : Point
        The point.
    note : str
        The user's note.
    pixels : ndarray of uint8, shape (H, W) or (H, W, 3)
        Decoded image.
    """

    point: Point
    note: str
    pixels: NDArray[np.uint8] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class DecodePaths(Request["DecodedPaths"]):
    """Decode paths of several kinds and measure their support."""

    needs: ClassVar[Abilities] = DECODER
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.BACKGROUND
    ends: LatentPath
    kinds: tuple[PathKind, ...]


@dataclass(frozen=True, slots=True)
class DecodeGeodesic(Request["DecodedPaths"]):
    """Compute the geodesic, the shortest path in pixel space; a separate request as it is slow."""

    needs: ClassVar[Abilities] = DECODER_GRADIENT
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.BACKGROUND
    ends: LatentPath


@dataclass(frozen=True, slots=True)
class MeasureSupport(Request["PointSupport"]):
    """Measure the data support of a point."""

    needs: ClassVar[Abilities] = MODEL_WITH_POSTERIORS
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.BACKGROUND
    modest: ClassVar[bool] = True
    point: Point


@dataclass(frozen=True, slots=True)
class MakeBlend(Request["Blend"]):
    """Decode (A - B)·t + C; a slot is a point, an image file, or the row of an image."""

    needs: ClassVar[Abilities] = DECODER
    slots: tuple[Point | Path | int, Point | Path | int, Point | Path | int]
    strength: float = 1.0
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class MakeTraversal(Request["Traversal"]):
    """Decode a traversal of each dimension through a point."""

    needs: ClassVar[Abilities] = DECODER
    modest: ClassVar[bool] = True
    point: Point
    settings: TraversalSettings
