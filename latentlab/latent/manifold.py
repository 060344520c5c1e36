"""Grids of latent points over a plane, for decoding into a picture of the manifold."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Spacing(StrEnum):
    """How the lines of a grid lie along an axis."""

    UNIFORM = "uniform"
    QUANTILE = "quantile"


def axis(n: int, span: float, spacing: Spacing) -> NDArray[np.float64]:
    """Return n coordinates from -span to span.

    Parameters
    ----------
    n : int
        How many.
    span : float
        The outermost coordinate, in standard deviations of the prior.
    spacing : Spacing
        In equal steps, or so that equal shares of the prior lie between neighbours.
    """
    if n == 1:
        return np.zeros(1)
    if spacing is Spacing.UNIFORM:
        return np.linspace(-span, span, n)
    from statistics import NormalDist

    prior = NormalDist()
    outermost = prior.cdf(span)
    return np.array([prior.inv_cdf(share) for share in np.linspace(1 - outermost, outermost, n)])


def plane_points(
    center: Sequence[float], plane: tuple[int, int], coordinates: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the points of a square grid over two dimensions, the others held.

    Parameters
    ----------
    center : sequence of float, length D
        Supplies the dimensions that do not vary.
    plane : (int, int)
        The dimensions along x and y; the same one twice where there is only one.
    coordinates : ndarray, shape (n,)
        Grid lines along either axis, ascending.

    Returns
    -------
    ndarray of float32, shape (n·n, D)
        Row by row as a picture is read: y falls from the top, x grows to the right.
    """
    n = len(coordinates)
    points = np.tile(np.asarray(center, np.float32), (n * n, 1))
    points[:, plane[1]] = np.repeat(coordinates[::-1], n)
    points[:, plane[0]] = np.tile(coordinates, n)
    return points
