"""Interpolation between latent points, as curves with a parameter from 0 to 1."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

PARALLEL_SINE = 1e-6
"""Sine of the angle below which two directions count as parallel."""


class PathKind(StrEnum):
    """Kind of path from A to B."""

    STRAIGHT = "straight"
    SPHERICAL = "spherical"
    DATA = "data"
    GEODESIC = "geodesic"


class Easing(StrEnum):
    """Speed between two waypoints."""

    LINEAR = "linear"
    SMOOTH = "smooth"


def ease(share: NDArray[np.float64], easing: Easing) -> NDArray[np.float64]:
    """Return shares of a segment unchanged, or slow at both of its ends (3t² - 2t³)."""
    return share * share * (3 - 2 * share) if easing is Easing.SMOOTH else share


def lerp(a: ArrayLike, b: ArrayLike, share: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the points of the line from `a` to `b` at shares of it, with shape (n, D)."""
    alpha = share[:, None]
    return ((1 - alpha) * np.asarray(a) + alpha * np.asarray(b)).astype(np.float32)


def slerp(a: ArrayLike, b: ArrayLike, share: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return points on the arc from `a` to `b` around the origin.

    The direction rotates at constant speed and the norm is interpolated linearly, so ends of
    equal norm stay on their sphere. It is `lerp` if an end is the origin, which has no direction,
    or if the ends are parallel. Opposite ends define no plane of rotation: the coordinate axis
    that is the least parallel to them completes it.

    Parameters
    ----------
    a, b : array_like, shape (D,)
        The ends.
    share : ndarray, shape (n,)
        Shares of the path, 0 to 1.

    Returns
    -------
    ndarray of float32, shape (n, D)

    References
    ----------
    Sampling Generative Networks, White, 2016, section 2.1.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    norms = np.linalg.norm(a), np.linalg.norm(b)
    if len(a) < 2 or min(norms) == 0:
        return lerp(a, b, share)
    start, end = a / norms[0], b / norms[1]
    cosine = float(np.clip(start @ end, -1, 1))
    orthogonal = end - cosine * start
    if np.linalg.norm(orthogonal) < PARALLEL_SINE:
        if cosine > 0:
            return lerp(a, b, share)
        axis = np.eye(len(a))[int(np.abs(start).argmin())]
        orthogonal = axis - (axis @ start) * start
    orthogonal /= np.linalg.norm(orthogonal)
    angle = np.arccos(cosine) * share[:, None]
    norm = ((1 - share) * norms[0] + share * norms[1])[:, None]
    points = norm * (np.cos(angle) * start + np.sin(angle) * orthogonal)
    # Rounding must not move the ends, which the user has chosen.
    points[share == 0], points[share == 1] = a, b
    return points.astype(np.float32)


def sample_polyline(line: NDArray[np.float32], share: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return points on a polyline, at constant speed.

    Parameters
    ----------
    line : ndarray, shape (m, D)
        Its vertices, from the first to the last.
    share : ndarray, shape (n,)
        Shares of its length, 0 to 1.

    Returns
    -------
    ndarray of float32, shape (n, D)
    """
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    return polyline_at(
        line, lengths / lengths[-1] if lengths[-1] else np.linspace(0, 1, len(line)), share
    )


def polyline_at(
    line: NDArray[np.float32], marks: NDArray[np.float64], share: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return points, (n, D), of a polyline with vertices at the parameters `marks`, from 0 to 1."""
    columns = [np.interp(share, marks, column) for column in np.asarray(line, np.float64).T]
    return np.stack(columns, axis=1).astype(np.float32)
