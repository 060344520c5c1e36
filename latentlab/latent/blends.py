"""The way back from a map that has no formula: the blend of what lies near."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NEIGHBOURS = 5
TINY = 1e-12


def blend(
    query: Sequence[float], where: NDArray[np.float32], what: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return what belongs to a place, by what belongs to the nearest known places.

    The nearest count by one over their squared distance; a known place yields its own, exactly
    (A two-dimensional interpolation function for irregularly-spaced data, Shepard, 1968).

    Parameters
    ----------
    query : sequence of float, length A
        The place.
    where : ndarray of float32, shape (N, A)
        Known places.
    what : ndarray of float32, shape (N, B)
        What belongs to each.

    Returns
    -------
    ndarray of float64, shape (B,)
    """
    away = where - np.asarray(query, np.float32)
    squared = np.einsum("ij,ij->i", away, away)
    k = min(NEIGHBOURS, len(where))
    near = np.argpartition(squared, k - 1)[:k]
    least = float(squared[near].min())
    if least < TINY:
        near = near[squared[near] == least]
    weights = 1 / np.maximum(squared[near].astype(np.float64), TINY)
    return (weights / weights.sum()) @ what[near].astype(np.float64)
