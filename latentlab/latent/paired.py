"""PairedComparison comparison of two measurements of the same images, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SIGNIFICANT_ERRORS = 2.0
"""Standard errors from which a difference is significant: chance gives less 19 times in 20."""


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """Means of two measurements, and of their difference.

    Parameters
    ----------
    first, second : float
        Means over all images.
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
        """Whether the difference is significant; False if its error is unknown."""
        return bool(abs(self.difference) > SIGNIFICANT_ERRORS * self.error)


def paired(first: ArrayLike, second: ArrayLike) -> PairedComparison:
    """Compare two measurements of the same N images.

    Each image is its own control: the difficulty that both models share cancels. The error is
    that of the mean of the differences d, ``std(d) / sqrt(N)`` with N - 1 degrees of freedom,
    and is usually far below that of either mean.

    Parameters
    ----------
    first, second : array_like of float, shape (N,)
        Measurements, in the same order.

    Raises
    ------
    ValueError
        If the shapes differ, or there are no images.

    References
    ----------
    The Probable Error of a Mean, Student, 1908, section IX (differences of pairs).
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if a.shape != b.shape or a.ndim != 1 or not a.size:
        raise ValueError(f"cannot pair {a.shape} with {b.shape}")
    differences = b - a
    error = float(differences.std(ddof=1) / np.sqrt(a.size)) if a.size > 1 else float("nan")
    return PairedComparison(float(a.mean()), float(b.mean()), float(differences.mean()), error)
