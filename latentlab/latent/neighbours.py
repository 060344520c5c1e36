"""The images nearest to a point: by their codes, or by their pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BLOCK = 1 << 16
TREE_UP_TO = 8
"""Dimensions up to which a tree finds neighbours faster than looking at all."""
TREE_FROM = 20_000
"""Codes from which a tree is worth its making."""

Found = tuple["NDArray[np.int64]", "NDArray[np.float32]"]
"""Rows from the nearest on, and their distances."""


class CodeIndex:
    """Codes made ready to be asked for the nearest to any point.

    Parameters
    ----------
    codes : ndarray of float32, shape (N, D)
        What is searched.
    """

    def __init__(self, codes: NDArray[np.float32]) -> None:
        self.codes = codes
        self._half = np.einsum("ij,ij->i", codes, codes) / 2
        self._tree = None
        if codes.shape[1] <= TREE_UP_TO and len(codes) >= TREE_FROM:
            from scipy.spatial import KDTree

            self._tree = KDTree(codes, balanced_tree=False, compact_nodes=False)

    def nearest(self, z: Sequence[float], count: int) -> Found:
        """Return the `count` rows nearest to a point, and their distances."""
        count = min(count, len(self.codes))
        query = np.asarray(z, np.float32)
        if self._tree is not None:
            away, rows = self._tree.query(query, k=range(1, count + 1))
            return rows.astype(np.int64), away.astype(np.float32)
        # Half of |x - z|² less |z|²: one product over all codes.
        closeness = self._half - self.codes @ query
        return _exact(self.codes, query, closeness, count)


def nearest_pictures(images: NDArray[np.uint8], picture: NDArray[np.float32], count: int) -> Found:
    """Return the images whose pixels differ least from a picture's.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, P)
        Flat images, 0 to 255.
    picture : ndarray of float32, shape (P,)
        What to compare with, 0 to 255.
    count : int
        How many.

    Returns
    -------
    ndarray of int64, shape (count,)
        Rows from the nearest on.
    ndarray of float32, shape (count,)
        Root of the mean squared difference per pixel, as a share of full brightness.
    """
    squared = np.empty(len(images), np.float32)
    for start in range(0, len(images), BLOCK // 16):
        part = images[start : start + BLOCK // 16].astype(np.float32)
        part -= picture
        squared[start : start + len(part)] = np.einsum("ij,ij->i", part, part)
    rows = _first(squared, min(count, len(images)))
    return rows, np.sqrt(squared[rows] / images.shape[1]) / np.float32(255)


def _exact(
    codes: NDArray[np.float32], query: NDArray[np.float32], closeness: NDArray, count: int
) -> Found:
    rows = _first(closeness, count)
    away = np.linalg.norm(codes[rows] - query, axis=1).astype(np.float32)
    order = np.argsort(away, kind="stable")
    return rows[order], away[order]


def _first(values: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Return the rows of the smallest values, in order."""
    if not count:
        return np.empty(0, np.int64)
    rows = np.argpartition(values, count - 1)[:count]
    return rows[np.argsort(values[rows], kind="stable")]
