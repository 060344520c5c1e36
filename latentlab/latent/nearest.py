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

DISTANCES = 150_000
"""Distances that are computed within a few milliseconds: the size of a piece of work."""

Found = tuple["NDArray[np.float64]", "NDArray[np.int64]"]
"""Distances and rows, the nearest first."""


class NearestCodes:
    """Finds the codes nearest to points.

    By a tree in few dimensions, else by computing all distances: no tree is faster in as many
    dimensions as most latent spaces have, and scikit-learn takes longer to load than this takes to
    answer.

    Parameters
    ----------
    codes : ndarray of float32, shape (N, D)
        What is searched.
    """

    def __init__(self, codes: NDArray[np.float32]) -> None:
        self.codes = codes
        # Far from zero, a difference of large squares would be inexact.
        self._center = codes.mean(0) if len(codes) else np.zeros(codes.shape[1], np.float32)
        self._centered = codes - self._center
        self._squares = np.einsum("ij,ij->i", self._centered, self._centered)
        self._tree = None
        if codes.shape[1] <= TREE_UP_TO and len(codes) >= TREE_FROM:
            from scipy.spatial import KDTree

            self._tree = KDTree(codes, balanced_tree=False, compact_nodes=False)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def rows_at_once(self) -> int:
        """How many points can be searched for within a few milliseconds."""
        return max(1, DISTANCES // max(1, len(self)))

    def nearest(self, z: NDArray[np.float32], k: int) -> Found:
        """Return the codes nearest to some points.

        Parameters
        ----------
        z : ndarray of float32, shape (n, D)
            The points.
        k : int
            How many codes, or all where there are fewer.

        Returns
        -------
        ndarray of float64, shape (n, k)
            Euclidean distances, ascending.
        ndarray of int64, shape (n, k)
            Rows of the codes.
        """
        k = min(k, len(self))
        if not k:
            return np.empty((len(z), 0)), np.empty((len(z), 0), np.int64)
        if self._tree is not None:
            away, rows = self._tree.query(z, k=range(1, k + 1))
            return away, rows.astype(np.int64)
        near = np.argpartition(self._squared(z), k - 1, axis=1)[:, :k]
        # Computed again for those found: a difference of squares is inexact for a small distance.
        away = np.linalg.norm(self.codes[near].astype(np.float64) - z[:, None], axis=2)
        order = np.argsort(away, axis=1, kind="stable")
        return np.take_along_axis(away, order, 1), np.take_along_axis(near, order, 1)

    def within(self, z: NDArray[np.float32], radius: float) -> NDArray[np.int64]:
        """Return how many codes lie within a radius of n points, with shape (n,)."""
        return (self._squared(z) <= radius**2).sum(1)

    def _squared(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        z = z - self._center
        return self._squares - 2 * z @ self._centered.T + np.einsum("ij,ij->i", z, z)[:, None]


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

    def nearest(self, k: int) -> Found:
        """Return those that differ least, once all are compared.

        Returns
        -------
        ndarray of float64, shape (k,)
            Root of the mean squared difference per pixel, as a share of full brightness.
        ndarray of int64, shape (k,)
            Rows from the nearest on.
        """
        rows = np.argsort(self._squared, kind="stable")[:k]
        return np.sqrt(self._squared[rows] / self._values, dtype=np.float64) / 255, rows


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
    (away,), (near,) = NearestCodes(where).nearest(np.array([query], np.float32), NEIGHBOURS)
    squared = away**2
    if squared[0] < TINY:
        near, squared = near[squared == squared[0]], squared[squared == squared[0]]
    weights = 1 / np.maximum(squared, TINY)
    return (weights / weights.sum()) @ what[near].astype(np.float64)
