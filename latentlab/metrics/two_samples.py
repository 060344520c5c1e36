"""Comparison of two sets of features: Fréchet distance, kernel distance, and k-NN balls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.errors import DataError
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    type Features = NDArray[np.float64]

ROWS = 256
"""Rows of a matrix of distances computed at once."""
MAX_BLOCK, MIN_BLOCKS = 1000, 10
"""Images of a block, and number of blocks of a smaller set."""
MIN_IMAGES = 20
"""Images without which sets are not compared."""


def check_size(count: int) -> None:
    """Raise a `DataError` if there are too few images for a comparison of sets."""
    if count < MIN_IMAGES:
        raise DataError(
            f"{count} images are too few to compare sets of images.",
            f"Measure on {MIN_IMAGES} or more.",
        )


def frechet_distance(real: Features, fake: Features) -> float:
    """Return |m - m'|² + tr(C + C' - 2 (C C')^½) of sets of features (n, F) and (m, F).

    References
    ----------
    GANs Trained by a Two Time-Scale Update Rule, Heusel et al., 2017, eq. 6.
    """
    means = real.mean(0), fake.mean(0)
    one, other = (np.atleast_2d(np.cov(each, rowvar=False)) for each in (real, fake))
    return frechet_of_moments(means[0], one, means[1], other)


def frechet_of_moments(mean: Features, cov: Features, other: Features, others: Features) -> float:
    """Return the Fréchet distance of two Gaussians from their means and covariances.

    tr (C C')^½ is the sum of the roots of the eigenvalues of C^½ C' C^½, which is symmetric, so
    that singular covariances need no correction.
    """
    values, vectors = np.linalg.eigh(cov)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ others @ root).clip(0)).sum()
    return float(((mean - other) ** 2).sum() + np.trace(cov) + np.trace(others) - 2 * cross)


def kernel_distances(real: Features, fake: Features, seed: int) -> Features:
    """Return the unbiased squared MMD of disjoint blocks of images, with shape (blocks,).

    The kernel is (x·y / F + 1)³. Blocks have at most `MAX_BLOCK` images and there are at least
    `MIN_BLOCKS`; being disjoint, they are independent, so that their mean has an honest error.

    References
    ----------
    Demystifying MMD GANs, Bińkowski et al., 2018, section 4 (KID) and eq. 4.
    """
    count = min(len(real), len(fake))
    blocks = max(MIN_BLOCKS, count // MAX_BLOCK)
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(len(each))[:count] for each in (real, fake)]
    parts = [np.array_split(each, blocks) for each in rows]
    return np.array([_squared_mmd(real[a], fake[b]) for a, b in zip(*parts, strict=True)])


def _squared_mmd(x: Features, y: Features) -> float:
    xx, yy, xy = (_kernel(x, x), _kernel(y, y), _kernel(x, y))
    n, m = len(x), len(y)
    same = (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return float(same - 2 * xy.mean())


def _kernel(x: Features, y: Features) -> Features:
    product: Features = (x @ y.T / x.shape[1] + 1) ** 3
    return product


def squared_distances(x: Features, y: Features) -> Features:
    """Return all squared distances, (n, m), not below 0."""
    norms = (x**2).sum(1)[:, None] + (y**2).sum(1)
    return (norms - 2 * x @ y.T).clip(0)


def radii(points: Features, k: int) -> Generator[Progress, None, Features]:
    """Return the squared distance of each point to its k-th nearest other point, (n,)."""
    found = np.empty(len(points))
    for start in range(0, len(points), ROWS):
        rows = slice(start, start + ROWS)
        near = squared_distances(points[rows], points)
        near[np.arange(len(near)), start + np.arange(len(near))] = 0  # rounding
        found[rows] = np.partition(near, k, axis=1)[:, k]
        yield Progress("Nearest neighbours", start / len(points))
    return found


def balls(
    centres: Features, squared_radii: Features, points: Features
) -> Generator[Progress, None, tuple[NDArray[np.int64], NDArray[np.bool_]]]:
    """Count balls around points, and find those that hold any.

    Returns
    -------
    ndarray of int64, shape (m,)
        Number of balls that hold each point.
    ndarray of bool, shape (n,)
        Whether each ball holds a point.
    """
    counts, used = [], np.zeros(len(centres), bool)
    for start in range(0, len(points), ROWS):
        inside = squared_distances(points[start : start + ROWS], centres) <= squared_radii
        counts.append(inside.sum(1))
        used |= inside.any(0)
        yield Progress("Comparing neighbourhoods", start / len(points))
    return np.concatenate(counts), used
