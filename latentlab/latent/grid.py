"""Grids of latent points over a plane, whose decoded images show the manifold."""

from __future__ import annotations

from enum import StrEnum
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latentlab.latent.planes import Plane


MIN_SIGMA = 1e-3
"""Smallest deviation of a grid, so that its lines are apart also where a prior has collapsed."""


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
    return np.array([NormalDist().inv_cdf(share) for share in shares(n, span)])


def sampled_axis(
    samples: NDArray[np.floating], n: int, span: float, spacing: Spacing
) -> NDArray[np.float64]:
    """Return n coordinates as `grid_axis` does, for a prior of which samples are known.

    Parameters
    ----------
    samples : ndarray, shape (N,)
        Samples of the prior along the axis.
    n, span, spacing
        See `grid_axis`.
    """
    middle, sigma = float(samples.mean()), max(MIN_SIGMA, float(samples.std()))
    if spacing is Spacing.UNIFORM or n == 1 or sigma == MIN_SIGMA:
        return middle + sigma * grid_axis(n, span, Spacing.UNIFORM)
    return np.quantile(samples.astype(np.float64), shares(n, span))


def shares(n: int, span: float) -> NDArray[np.float64]:
    """Return n equally spaced shares of a prior, of N(0, 1) those from -span to span."""
    outermost = NormalDist().cdf(span)
    return np.linspace(1 - outermost, outermost, n)


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
    coordinates : ndarray, shape (n,) or (2, n)
        Grid lines along both axes, or along x and y, ascending.

    Returns
    -------
    ndarray of float32, shape (n·n, D)
        Row by row from the top left: y decreases from row to row, x increases along a row.
    """
    n = coordinates.shape[-1]
    x, y = np.broadcast_to(coordinates, (2, n))
    xy = np.column_stack([np.tile(x, n), np.repeat(y[::-1], n)])
    return frame.lift(xy, center).astype(np.float32)
