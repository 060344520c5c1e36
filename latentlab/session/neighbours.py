"""Nearest images of a point: records and requests."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as part
from typing import TYPE_CHECKING, ClassVar

from latentlab.session.abilities import IMAGES, Abilities
from latentlab.session.request import Request

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latentlab.session.points import Point


@dataclass(frozen=True, eq=False)
class NearestImages:
    """Nearest images in ascending order of distance.

    Parameters
    ----------
    rows : ndarray of int64, shape (K,)
        Rows of the images on the map.
    distances : ndarray of float64, shape (K,)
        Distance of each.
    pictures : ndarray of uint8, shape (K, H, W) or (K, H, W, 3), or None
        The images; None for codes without images.
    """

    rows: NDArray[np.int64] = part(repr=False)
    distances: NDArray[np.float64] = part(repr=False)
    pictures: NDArray[np.uint8] | None = part(repr=False)


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Nearest images of a point: by distance of codes, and by distance of pixels.

    ``by_pixels`` is None without a decoder.
    """

    point: Point
    by_code: NearestImages
    by_pixels: NearestImages | None


@dataclass(frozen=True, slots=True)
class FindNeighbours(Request["Neighbours"]):
    """Find the images whose codes are nearest to a point, or whose pixels are to its decoding."""

    point: Point
    count: int = 12


@dataclass(frozen=True, slots=True)
class MapImages:
    """Thumbnails drawn on the map at the positions of their codes."""

    rows: NDArray[np.int64] = part(repr=False)
    pictures: NDArray[np.uint8] = part(repr=False)


@dataclass(frozen=True, slots=True)
class FetchMapImages(Request["MapImages"]):
    """Fetch thumbnails for the map."""

    needs: ClassVar[Abilities] = IMAGES
    rows: tuple[int, ...] = part(repr=False)
