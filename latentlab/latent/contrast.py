"""Groups of images that a direction separates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from latentlab.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two groups of images that a direction separates.

    Parameters
    ----------
    high, low : ndarray of int
        Rows of the two groups; the direction points from `low` to `high`.
    values : ndarray, shape (N,), or None
        Attribute that defines the groups, NaN where unknown; None for plain groups.
    """

    high: Rows = field(repr=False)
    low: Rows = field(repr=False)
    values: NDArray[np.float64] | None = field(repr=False, default=None)


def by_values(values: NDArray[np.float32]) -> Contrast:
    """Contrast images with and without an attribute, or the top and the bottom third of it.

    Raises
    ------
    DataError
        If the attribute is the same, or unknown, for all images.
    """
    known = np.asarray(values, np.float64)
    distinct = np.unique(known[np.isfinite(known)])
    if len(distinct) < 2:
        what = "the same for all images" if len(distinct) else "unknown for all images"
        raise DataError(f"This attribute is {what}.", "Choose another.")
    if len(distinct) == 2:
        high, low = known == distinct[1], known == distinct[0]
        return Contrast(np.flatnonzero(high), np.flatnonzero(low))
    lower, upper = np.nanquantile(known[np.isfinite(known)], [1 / 3, 2 / 3])
    if lower == upper:
        # Most images have the same value: it counts as low, or as high if it is the largest.
        upper = distinct[distinct > lower][0] if lower < distinct[-1] else lower
        lower = distinct[distinct < upper][-1]
    high, low = known >= upper, known <= lower
    finite = np.where(np.isfinite(known), known, np.nan)
    return Contrast(np.flatnonzero(high & np.isfinite(known)), np.flatnonzero(low), finite)


def by_class(labels: NDArray[np.int64], label: int) -> Contrast:
    """Contrast a class with all others; labels below 0 are unknown, and in neither group."""
    rest = (labels != label) & (labels >= 0)
    return Contrast(np.flatnonzero(labels == label), np.flatnonzero(rest))


def by_rows(first: Sequence[int], second: Sequence[int]) -> Contrast:
    """Contrast two groups of rows; rows in both groups count in neither."""
    both = set(first) & set(second)
    groups = [sorted(set(group) - both) for group in (first, second)]
    return Contrast(np.array(groups[0], np.intp), np.array(groups[1], np.intp))
