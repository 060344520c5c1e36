"""Axes that matter around one point: of the nearest codes, and of the decoder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from latentlab.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.data.condition import LabelArray
    from latentlab.models.base import Model

MIN_NEIGHBOURS, NEIGHBOURS_PER_DIMENSION = 50, 3
"""Codes of a local PCA: at least, and per dimension."""
STEP = 0.02
"""Half the step of the central differences, where N(0, I) has deviation 1."""
MAX_JACOBIAN_DIMENSIONS = 512
DIMENSIONS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class LocalAxes:
    """Orthonormal axes at a point, in descending order of importance.

    Parameters
    ----------
    vectors : ndarray of float64, shape (K, D)
        Unit vectors; the largest component of each is positive.
    sizes : ndarray of float64, shape (K,)
        Standard deviation of the nearest codes along each, or singular value of the Jacobian: the
        length, in pixel values from 0 to 1, of the change of the image per unit of z.
    """

    vectors: NDArray[np.float64] = field(repr=False)
    sizes: NDArray[np.float64]

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of each axis of the sum of squared sizes, shape (K,)."""
        total = float(np.square(self.sizes).sum())
        return np.square(self.sizes) / total if total > 0 else np.zeros(len(self.sizes))


def neighbours_of_local_pca(count: int, latent_dim: int) -> int:
    """Return how many of `count` codes are the nearest ones of a local PCA."""
    return min(count, max(MIN_NEIGHBOURS, NEIGHBOURS_PER_DIMENSION * latent_dim))


def local_pca(near: NDArray[np.floating], most: int) -> LocalAxes:
    """Return the principal components of the nearest codes.

    Parameters
    ----------
    near : ndarray of float, shape (M, D)
        The nearest codes of a point.
    most : int
        Largest number of axes.

    Raises
    ------
    DataError
        If there are fewer codes than axes.

    References
    ----------
    An Algorithm for Finding Intrinsic Dimensionality of Data, Fukunaga & Olsen, 1971.
    """
    count, size = near.shape
    axes = min(most, size)
    if count <= axes:
        raise DataError(
            f"A local PCA of {axes} axes needs more than {axes} images; there are {count}.",
            "Choose another order of the sliders.",
        )
    centred = near.astype(np.float64) - near.mean(0, dtype=np.float64)
    _, values, vectors = np.linalg.svd(centred, full_matrices=False)
    return LocalAxes(_signed(vectors[:axes]), values[:axes] / count**0.5)


def jacobian_axes(
    model: Model, z: NDArray[np.floating], labels: LabelArray | None, most: int
) -> Generator[float, None, LocalAxes]:
    """Return the right singular vectors of the Jacobian of the decoded mean at a point.

    The Jacobian is that of central differences, which every decoder has, also one without
    gradients.

    Parameters
    ----------
    model : Model
        Provides the decoder.
    z : ndarray of float, shape (D,)
        The point.
    labels : ndarray, shape (1,) or (1, K), or None
        Its label, for a conditional model.
    most : int
        Largest number of axes.

    Yields
    ------
    float
        Share done, 0 to 1.

    Raises
    ------
    DataError
        If there are more than `MAX_JACOBIAN_DIMENSIONS` dimensions.

    References
    ----------
    The Riemannian Geometry of Deep Generative Models, Shao, Kumar & Fletcher, 2018, section 3 (the
    metric J^T J, whose eigenvectors these are).
    """
    from latentlab.latent.encode import decode_means

    size = len(z)
    if size > MAX_JACOBIAN_DIMENSIONS:
        raise DataError(
            f"The Jacobian is computed for at most {MAX_JACOBIAN_DIMENSIONS} dimensions.",
            "Choose another order of the sliders.",
        )
    columns = []
    for start in range(0, size, DIMENSIONS_AT_ONCE):
        steps = STEP * np.eye(size)[start : start + DIMENSIONS_AT_ONCE]
        points = np.concatenate([z + steps, z - steps]).astype(np.float32)
        y: LabelArray | None = None
        if labels is not None:
            y = labels[np.zeros(len(points), np.int64)]
        images = decode_means(model, points, y).reshape(2, len(steps), -1).astype(np.float64)
        columns.append((images[0] - images[1]) / (2 * STEP))
        yield min(1.0, (start + DIMENSIONS_AT_ONCE) / size)
    rows = np.concatenate(columns)
    # The eigenvectors of J^T J, which is small: images have many pixels.
    values, vectors = np.linalg.eigh(rows @ rows.T)
    order = np.argsort(-values, kind="stable")[:most]
    return LocalAxes(_signed(vectors.T[order]), np.sqrt(np.maximum(values[order], 0)))


def _signed(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return vectors whose largest component is positive."""
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(1)[:, None], axis=1)
    return vectors * np.where(largest < 0, -1.0, 1.0)
