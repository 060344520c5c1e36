"""Two measurements of the same images, compared image by image: no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SURE = 2.0
"""Standard errors that a difference must be long to be told from chance, 19 times in 20."""


@dataclass(frozen=True, slots=True)
class Paired:
    """The means of two measurements, and of their difference.

    Parameters
    ----------
    first, second : float
        The means over all images.
    difference : float
        ``second - first``.
    error : float
        Standard error of the difference; NaN with fewer than two images.
    """

    first: float
    second: float
    difference: float
    error: float

    @property
    def clear(self) -> bool:
        """Whether the difference is more than chance; False where it is not known."""
        return bool(abs(self.difference) > SURE * self.error)


def paired(first: ArrayLike, second: ArrayLike) -> Paired:
    """Compare two measurements of the same N images.

    Each image is its own control: what makes it hard for both models cancels, so the error is
    that of the mean of the differences d, ``std(d) / sqrt(N)`` with N - 1 degrees of freedom, and
    as a rule far below that of either mean.

    Parameters
    ----------
    first, second : array_like of float, shape (N,)
        What was measured, in the same order.

    Raises
    ------
    ValueError
        Where they are not of the same images, or of none.

    References
    ----------
    The Probable Error of a Mean, Student, 1908, section IX (differences of pairs).
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if a.shape != b.shape or a.ndim != 1 or not a.size:
        raise ValueError(f"cannot pair {a.shape} with {b.shape}")
    away = b - a
    error = float(away.std(ddof=1) / np.sqrt(a.size)) if a.size > 1 else float("nan")
    return Paired(float(a.mean()), float(b.mean()), float(away.mean()), error)
