"""The images nearest to a point: by their codes, or by their pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


VALUES = 2_000_000
"""Pixel values compared at a time."""
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


class PictureSearch:
    """Compares a picture with many, a part of them at each step.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, ...)
        Images of P values each, 0 to 255.
    picture : ndarray of float32, shape (P,)
        What to compare with, 0 to 255.
    """

    def __init__(self, images: NDArray[np.uint8], picture: NDArray[np.float32]) -> None:
        self._images, self._picture = images, picture
        self._squared = np.empty(len(images), np.float32)
        self._done = 0
        self._values = max(1, int(np.prod(images.shape[1:])))
        self._block = max(1, VALUES // self._values)

    @property
    def fraction(self) -> float:
        """How much has been compared, from 0 to 1."""
        return self._done / len(self._images) if len(self._images) else 1.0

    def step(self) -> None:
        """Compare with some more; takes a few milliseconds."""
        part = self._images[self._done : self._done + self._block].astype(np.float32)
        part = part.reshape(len(part), self._values)
        part -= self._picture
        self._squared[self._done : self._done + len(part)] = np.einsum("ij,ij->i", part, part)
        self._done += len(part)

    def nearest(self, count: int) -> Found:
        """Return those that differ least, once all are compared.

        Returns
        -------
        ndarray of int64, shape (count,)
            Rows from the nearest on.
        ndarray of float32, shape (count,)
            Root of the mean squared difference per pixel, as a share of full brightness.
        """
        rows = _first(self._squared, min(count, len(self._images)))
        share: NDArray[np.float32] = np.sqrt(self._squared[rows] / np.float32(self._values))
        return rows, share / np.float32(255)


def _exact(
    codes: NDArray[np.float32],
    query: NDArray[np.float32],
    closeness: NDArray[np.float32],
    count: int,
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
