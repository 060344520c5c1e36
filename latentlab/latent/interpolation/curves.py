"""Ways from one latent point to another, as curves that are walked by a share from 0 to 1."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

PARALLEL = 1e-6
"""Sine of the angle below which two directions count as one."""


class PathKind(StrEnum):
    """How to go from A to B."""

    STRAIGHT = "straight"
    SPHERICAL = "spherical"
    DATA = "data"
    GEODESIC = "geodesic"


class Easing(StrEnum):
    """How time passes between two way points."""

    LINEAR = "linear"
    SMOOTH = "smooth"


def ease(share: NDArray[np.float64], easing: Easing) -> NDArray[np.float64]:
    """Return shares of a leg as they are, or slow at both of its ends (3t² - 2t³)."""
    return share * share * (3 - 2 * share) if easing is Easing.SMOOTH else share


def lerp(a: ArrayLike, b: ArrayLike, share: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the points of the line from `a` to `b` at shares of it, with shape (n, D)."""
    alpha = share[:, None]
    return ((1 - alpha) * np.asarray(a) + alpha * np.asarray(b)).astype(np.float32)


def slerp(a: ArrayLike, b: ArrayLike, share: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return points on the arc from `a` to `b` around the origin.

    The direction turns at an even rate and the norm goes evenly from one to the other, so that
    ends of equal norm stay on their sphere. Where there is no single arc, it is the line: an end
    at the origin has no direction, and opposite ends leave the plane of the turn open, for which
    the first axis that is not along them is taken.

    Parameters
    ----------
    a, b : array_like, shape (D,)
        The ends.
    share : ndarray, shape (n,)
        How much of the way has been gone, 0 to 1.

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
    ahead, end = a / norms[0], b / norms[1]
    cosine = float(np.clip(ahead @ end, -1, 1))
    aside = end - cosine * ahead
    if np.linalg.norm(aside) < PARALLEL:
        if cosine > 0:
            return lerp(a, b, share)
        axis = np.eye(len(a))[int(np.abs(ahead).argmin())]
        aside = axis - (axis @ ahead) * ahead
    aside /= np.linalg.norm(aside)
    angle = np.arccos(cosine) * share[:, None]
    norm = ((1 - share) * norms[0] + share * norms[1])[:, None]
    points = norm * (np.cos(angle) * ahead + np.sin(angle) * aside)
    # Rounding must not move the ends: they are points that somebody chose.
    points[share == 0], points[share == 1] = a, b
    return points.astype(np.float32)


def along(line: NDArray[np.float32], share: NDArray[np.float64]) -> NDArray[np.float32]:
    """Walk a broken line at an even pace.

    Parameters
    ----------
    line : ndarray, shape (m, D)
        Its corners, from the first to the last.
    share : ndarray, shape (n,)
        How much of its length has been gone, 0 to 1.

    Returns
    -------
    ndarray of float32, shape (n, D)
    """
    gone = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    return at(line, gone / gone[-1] if gone[-1] else np.linspace(0, 1, len(line)), share)


def at(
    line: NDArray[np.float32], marks: NDArray[np.float64], share: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the points of a broken line whose corners stand at `marks`, ascending from 0 to 1."""
    columns = [np.interp(share, marks, column) for column in np.asarray(line, np.float64).T]
    return np.stack(columns, axis=1).astype(np.float32)
