"""Questions about the images nearest to z."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as part
from typing import TYPE_CHECKING

from latentlab.session.request import Request

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latentlab.session.points import Point


@dataclass(frozen=True, eq=False)
class Near:
    """Images nearest to something, from the nearest on.

    Parameters
    ----------
    rows : ndarray of int64, shape (K,)
        Which.
    distances : ndarray of float64, shape (K,)
        How far each is.
    pictures : ndarray of uint8, shape (K, H, W) or (K, H, W, 3)
        What they look like.
    """

    rows: NDArray[np.int64] = part(repr=False)
    distances: NDArray[np.float64] = part(repr=False)
    pictures: NDArray[np.uint8] = part(repr=False)


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The images nearest to a point: by their codes, and by how they look."""

    point: Point
    by_code: Near
    by_pixels: Near


@dataclass(frozen=True, slots=True)
class FindNeighbours(Request["Neighbours"]):
    """Find the images nearest to a point, and those that look most like what it decodes to."""

    point: Point
    count: int = 12


@dataclass(frozen=True, slots=True)
class MapImages:
    """Images that the map shows at their points."""

    rows: NDArray[np.int64] = part(repr=False)
    pictures: NDArray[np.uint8] = part(repr=False)


@dataclass(frozen=True, slots=True)
class FetchMapImages(Request["MapImages"]):
    """Fetch images to be shown on the map."""

    rows: tuple[int, ...] = part(repr=False)
