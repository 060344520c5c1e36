"""Grids of latent points over a plane, whose decoded images show the manifold."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latentlab.latent.planes import Plane


class Spacing(StrEnum):
    """Spacing of the lines of a grid along an axis."""

    UNIFORM = "uniform"
    QUANTILE = "quantile"


def grid_axis(n: int, span: float, spacing: Spacing) -> NDArray[np.float64]:
    """Return n coordinates from -span to span.

    Parameters
    ----------
    n : int
        Number of coordinates.
    span : float
        The outermost coordinate, in standard deviations of the prior.
    spacing : Spacing
        Equal steps, or equal shares of the prior between neighbours.
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
    center: Sequence[float], frame: Plane, coordinates: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the points of a square grid over a plane, with all other coordinates constant.

    Parameters
    ----------
    center : sequence of float, length D
        Point that gives the component orthogonal to the plane.
    frame : Plane
        The directions along x and y.
    coordinates : ndarray, shape (n,)
        Grid lines along both axes, ascending.

    Returns
    -------
    ndarray of float32, shape (n·n, D)
        Row by row from the top left: y decreases from row to row, x increases along a row.
    """
    n = len(coordinates)
    xy = np.column_stack([np.tile(coordinates, n), np.repeat(coordinates[::-1], n)])
    return frame.lift(xy, center).astype(np.float32)
