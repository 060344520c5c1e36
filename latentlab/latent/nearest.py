"""Nearest neighbours of a point: by codes or by pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.pixels import displayed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


VALUES_PER_STEP = 2_000_000
"""Pixel values compared at a time."""
MAX_TREE_DIMENSIONS = 8
"""Dimensions up to which a tree is faster than computing all distances."""
MIN_TREE_CODES = 20_000
"""Number of codes from which it pays to build a tree."""

DISTANCES_PER_PIECE = 150_000
"""Distances computed in a few milliseconds: the size of a piece of work."""

DistancesAndRows = tuple["NDArray[np.float64]", "NDArray[np.int64]"]
"""Distances and rows, the nearest first."""


class NearestCodes:
    """Nearest-neighbour search among codes.

    It uses a k-d tree in few dimensions, else all distances: no tree is faster in the number of
    dimensions of most latent spaces, and scikit-learn takes longer to import than a search takes.

    Parameters
    ----------
    codes : ndarray of float32, shape (N, D)
        Codes to search.
    """

    def __init__(self, codes: NDArray[np.float32]) -> None:
        self.codes = codes
        # Centred, because a difference of large squares is inexact.
        self._center = codes.mean(0) if len(codes) else np.zeros(codes.shape[1], np.float32)
        self._centered = codes - self._center
        self._squares = np.einsum("ij,ij->i", self._centered, self._centered)
        self._tree = None
        if codes.shape[1] <= MAX_TREE_DIMENSIONS and len(codes) >= MIN_TREE_CODES:
            from scipy.spatial import KDTree

            self._tree = KDTree(codes, balanced_tree=False, compact_nodes=False)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def rows_at_once(self) -> int:
        """Number of points whose search takes a few milliseconds."""
        return max(1, DISTANCES_PER_PIECE // max(1, len(self)))

    def nearest(self, z: NDArray[np.float32], k: int) -> DistancesAndRows:
        """Return the nearest codes of each point.

        Parameters
        ----------
        z : ndarray of float32, shape (n, D)
            The points.
        k : int
            Number of codes, at most N.

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
            distances, rows = self._tree.query(z, k=range(1, k + 1))
            return distances, rows.astype(np.int64)
        near = np.argpartition(self._squared(z), k - 1, axis=1)[:, :k]
        # Recomputed for the neighbours: a difference of squares is inexact for small distances.
        distances = np.linalg.norm(self.codes[near].astype(np.float64) - z[:, None], axis=2)
        order = np.argsort(distances, axis=1, kind="stable")
        return np.take_along_axis(distances, order, 1), np.take_along_axis(near, order, 1)

    def within(self, z: NDArray[np.float32], radius: float) -> NDArray[np.int64]:
        """Return the number of codes within a radius of each of n points, with shape (n,)."""
        return (self._squared(z) <= radius**2).sum(1)

    def _squared(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        z = z - self._center
        return self._squares - 2 * z @ self._centered.T + np.einsum("ij,ij->i", z, z)[:, None]


class ImageSearch:
    """Compares an image with many others, a part of them in each step.

    Parameters
    ----------
    images : ndarray of uint8 or float32, shape (N, C, H, W)
        Images; compared as they are displayed, as P bytes each.
    picture : ndarray of float32, shape (P,)
        Image to compare with, 0 to 255.
    """

    def __init__(self, images: NDArray[np.uint8], picture: NDArray[np.float32]) -> None:
        self._images, self._picture = images, picture
        self._squared = np.empty(len(images), np.float32)
        self._done = 0
        self._values = max(1, len(picture))
        self._block = max(1, VALUES_PER_STEP // self._values)

    @property
    def fraction(self) -> float:
        """Share of the images compared so far, 0 to 1."""
        return self._done / len(self._images) if len(self._images) else 1.0

    def step(self) -> None:
        """Compare the next images; takes a few milliseconds."""
        pixels = displayed(self._images[self._done : self._done + self._block])
        part = pixels.astype(np.float32).reshape(len(pixels), self._values)
        part -= self._picture
        self._squared[self._done : self._done + len(part)] = np.einsum("ij,ij->i", part, part)
        self._done += len(part)

    def nearest(self, k: int) -> DistancesAndRows:
        """Return the most similar images, after all have been compared.

        Returns
        -------
        ndarray of float64, shape (k,)
            Root mean square difference per pixel value, as a share of 255.
        ndarray of int64, shape (k,)
            Rows, the nearest first.
        """
        rows = np.argsort(self._squared, kind="stable")[:k]
        return np.sqrt(self._squared[rows] / self._values, dtype=np.float64) / 255, rows


NEIGHBOURS = 5
MIN_SQUARED_DISTANCE = 1e-12


def inverse_distance_interpolate(
    query: Sequence[float], where: NDArray[np.float32], what: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return the value at a point, interpolated from the nearest known points.

    The weights are the inverse squared distances; a known point returns exactly its own value
    (A two-dimensional interpolation function for irregularly-spaced data, Shepard, 1968).

    Parameters
    ----------
    query : sequence of float, length A
        The point.
    where : ndarray of float32, shape (N, A)
        Known points.
    what : ndarray of float32, shape (N, B)
        Values at the known points.

    Returns
    -------
    ndarray of float64, shape (B,)
    """
    (distances,), (near,) = NearestCodes(where).nearest(np.array([query], np.float32), NEIGHBOURS)
    squared = distances**2
    if squared[0] < MIN_SQUARED_DISTANCE:
        near, squared = near[squared == squared[0]], squared[squared == squared[0]]
    weights = 1 / np.maximum(squared, MIN_SQUARED_DISTANCE)
    return (weights / weights.sum()) @ what[near].astype(np.float64)
