"""Paths and places in latent space: records and requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from latentlab.session.request import Lifetime, Priority, Request

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.latent.interpolation.curves import PathKind
    from latentlab.latent.support import Support
    from latentlab.session.points import LatentPath, Point, Tiles


EDGE, OFF = 0.5, 0.75
"""Levels from which one stands at the edge of the data, and off the map."""


def words(level: float) -> str:
    """Return in words how far from the data a level is; see `latent.support.level_of`."""
    if level <= EDGE:
        return "on well-trodden ground"
    return "at the edge" if level <= OFF else "off the map"


@dataclass(frozen=True, slots=True)
class DecodedPath:
    """One way, decoded step by step.

    Parameters
    ----------
    way : Way
        Of which kind.
    tiles : Tiles
        Its steps.
    support : Support or None
        What data stands behind each step; None where there are too few codes to say.
    length : float
        How far its pictures change in all: Σ |x_{i+1} - x_i|, pixels from 0 to 1.
    note : str
        Something the user should know.
    """

    way: PathKind
    tiles: Tiles
    support: Support | None
    length: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class DecodedPaths:
    """Strips of several kinds between the same ends."""

    ends: LatentPath
    strips: tuple[DecodedPath, ...]


@dataclass(frozen=True, slots=True)
class PointSupport:
    """How far off the map a point is.

    Parameters
    ----------
    point : Point
        Which one.
    level : float or None
        The worse of density and drift: 0 to ½ is as 90 % of the data are, to ¾ as 99 % are, up
        to 1 as hardly any is. None where there are no codes to compare with.
    density : float
        Density of codes as a multiple of the usual.
    nearest : float
        Distance to the nearest code, as a multiple of the usual.
    drift : float
        |encode(decode(z)) - z|, in standard deviations of the posterior per dimension.
    usual_drift : float
        What 90 % of the data stay below. Usual is what holds for samples of the posteriors.
    is_blind : bool
        Whether the decoder shows nothing of z, so that no place is better than another: it has
        not learned yet, has diverged, or all posteriors have collapsed.
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
        A, B, C and what comes of them.
    pictures : ndarray of uint8, shape (4, H, W) or (4, H, W, 3)
        What they decode to.
    """

    points: tuple[Point, ...]
    pictures: NDArray[np.uint8] = field(repr=False, compare=False)

    @property
    def slots(self) -> tuple[Point, ...]:
        """A, B and C."""
        return self.points[:3]


class Range(StrEnum):
    """How far a traversal goes along each dimension."""

    DEVIATIONS = "data ± σ"
    QUANTILES = "data 1–99 %"
    PRIOR = "prior ± σ"


@dataclass(frozen=True, slots=True)
class TraversalSettings:
    """Columns, range, reach in standard deviations, and how many dimensions at most."""

    columns: int = 9
    range: Range = Range.DEVIATIONS
    span: float = 2.0
    most: int = 32


@dataclass(frozen=True, slots=True)
class Traversal:
    """Each dimension varied on its own, the others held.

    Parameters
    ----------
    tiles : Tiles
        One row per dimension.
    dimensions : tuple of int
        Which ones, the one of most KL first.
    kl : tuple of float
        Mean KL of each, nats per image.
    values : ndarray of float64, shape (rows, columns)
        Coordinates.
    total : int
        How many dimensions there are.
    """

    tiles: Tiles
    dimensions: tuple[int, ...]
    kl: tuple[float, ...]
    values: NDArray[np.float64] = field(repr=False, compare=False)
    total: int


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A point to come back to.

    Parameters
    ----------
    point : Point
        Where.
    note : str
        What the user says of it.
    pixels : ndarray of uint8, shape (H, W) or (H, W, 3)
        What it decodes to.
    """

    point: Point
    note: str
    pixels: NDArray[np.uint8] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class DecodePaths(Request["DecodedPaths"]):
    """Decode ways of several kinds, and measure their support."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.BACKGROUND
    ends: LatentPath
    kinds: tuple[PathKind, ...]


@dataclass(frozen=True, slots=True)
class MakeGeodesic(Request["DecodedPaths"]):
    """Find the way whose pictures change least: it takes longest, and so is asked for apart."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.BACKGROUND
    ends: LatentPath


@dataclass(frozen=True, slots=True)
class MeasureSupport(Request["PointSupport"]):
    """Measure how far off the map a point is."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.BACKGROUND
    modest: ClassVar[bool] = True
    point: Point


@dataclass(frozen=True, slots=True)
class MakeBlend(Request["Blend"]):
    """Decode (A - B)·t + C; a slot is a point, a picture's file, or the row of an image."""

    slots: tuple[Point | Path | int, Point | Path | int, Point | Path | int]
    strength: float = 1.0
    label: int | None = None


@dataclass(frozen=True, slots=True)
class MakeTraversal(Request["Traversal"]):
    """Decode a sheet in which each dimension is varied on its own."""

    modest: ClassVar[bool] = True
    point: Point
    settings: TraversalSettings
