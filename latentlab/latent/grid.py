"""Grids of latent points over a plane, for decoding into a picture of the manifold."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latentlab.latent.planes import Frame


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
    center: Sequence[float], frame: Frame, coordinates: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the points of a square grid over a plane, all else held.

    Parameters
    ----------
    center : sequence of float, length D
        Supplies what does not vary.
    frame : Frame
        The directions along x and y.
    coordinates : ndarray, shape (n,)
        Grid lines along either axis, ascending.

    Returns
    -------
    ndarray of float32, shape (n·n, D)
        Row by row as a picture is read: y falls from the top, x grows to the right.
    """
    n = len(coordinates)
    xy = np.column_stack([np.tile(coordinates, n), np.repeat(coordinates[::-1], n)])
    return frame.lift(xy, center).astype(np.float32)
