"""KL of each latent dimension, principal components, and traversals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.latent.planes import with_fixed_signs
from latentlab.work import Progress, in_thread

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.latent.codes import Codes
    from latentlab.work import Pieces

VALUES_PER_PIECE = 2e5
"""Values processed between two pauses: a few milliseconds."""
MIN_VARIANCE = 1e-30
"""Smallest variance in the logarithm."""


@dataclass(frozen=True, slots=True)
class Components:
    """Principal components of codes, in order of decreasing variance.

    Parameters
    ----------
    vectors : ndarray, shape (D, D)
        Unit vectors, one per row; the coordinate of largest magnitude is positive.
    deviations : ndarray, shape (D,)
        Standard deviation of the codes along each.
    """

    vectors: NDArray[np.float64] = field(repr=False)
    deviations: NDArray[np.float64]

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of the total variance that each explains, shape (D,)."""
        variances = self.deviations**2
        return variances / max(variances.sum(), np.finfo(float).tiny)


def kl_per_dimension(codes: Codes) -> NDArray[np.float64]:
    """Return KL(q(z_d|x) ‖ N(0, 1)) of each dimension, mean over the images, shape (D,), in nats.

    "Auto-Encoding Variational Bayes" (2014), appendix B.
    """
    if not len(codes):
        return np.zeros(codes.mu.shape[1])
    kl = _kl(codes.mu.astype(np.float64), codes.sigma.astype(np.float64))
    return np.asarray(kl.mean(0))


def kl_per_image(
    mu: NDArray[np.float32], sigma: NDArray[np.float32]
) -> Generator[Progress, None, NDArray[np.float32]]:
    """Return KL(q(z|x) ‖ N(0, I)) of each image, the sum over its dimensions, in nats.

    Source as for `kl_per_dimension`.

    Parameters
    ----------
    mu, sigma : ndarray of float32, shape (N, D)
        Means and standard deviations of the posteriors.

    Returns
    -------
    ndarray of float32, shape (N,)
    """
    found = np.empty(len(mu), np.float32)
    rows = max(1, int(VALUES_PER_PIECE / mu.shape[1]))
    for start in range(0, len(mu), rows):
        part = slice(start, start + rows)
        found[part] = _kl(mu[part], sigma[part]).sum(1)
        yield Progress("KL", min(1.0, (start + rows) / len(mu)))
    return found


def _kl(mu: NDArray[Any], sigma: NDArray[Any]) -> NDArray[Any]:
    variance = sigma**2
    kl: NDArray[Any] = (mu**2 + variance - 1 - np.log(np.maximum(variance, MIN_VARIANCE))) / 2
    return kl


def principal_components(mu: NDArray[np.float32]) -> Pieces[Components]:
    """Return the principal components of codes.

    Parameters
    ----------
    mu : ndarray, shape (N, D)
        Means of the posteriors; with fewer than two every component has deviation 0.
    """
    dim = mu.shape[1]
    if len(mu) < 2:
        return Components(np.eye(dim), np.zeros(dim))
    values, columns = yield from in_thread(lambda: _axes(mu.astype(np.float64)))
    vectors = with_fixed_signs(columns.T[::-1])
    return Components(vectors, np.sqrt(np.maximum(values[::-1], 0)))


def _axes(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the variances in ascending order, and their eigenvectors as columns."""
    values, columns = np.linalg.eigh(np.atleast_2d(np.cov(x, rowvar=False, bias=True)))
    return values, columns


QUANTILE = 0.01
"""Share of the codes below the lower, and above the upper quantile."""


def data_range(codes: Codes, span: float) -> NDArray[np.float64]:
    """Return mean ± `span` standard deviations of the codes, shape (D, 2)."""
    center, reach = codes.center.astype(np.float64), span * codes.spread.astype(np.float64)
    return np.stack([center - reach, center + reach], axis=1)


def quantile_range(codes: Codes) -> NDArray[np.float64]:
    """Return the 1 % and 99 % quantiles of the codes, shape (D, 2)."""
    if not len(codes):
        return data_range(codes, 2.0)
    return np.quantile(codes.mu.astype(np.float64), [QUANTILE, 1 - QUANTILE], axis=0).T


def prior_range(size: int, span: float) -> NDArray[np.float64]:
    """Return ± `span` standard deviations of N(0, I), shape (D, 2)."""
    return np.tile([-span, span], (size, 1)).astype(np.float64)


def traverse(
    z: tuple[float, ...],
    dimensions: tuple[int, ...],
    ranges: NDArray[np.float64],
    columns: int,
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the points of traversals from `z`, one row per dimension, and the values of it.

    `ranges` has shape (D, 2).

    Returns
    -------
    ndarray of float32, shape (rows·columns, D)
        Row by row.
    ndarray of float64, shape (rows, columns)
    """
    low, high = ranges[list(dimensions)].T
    values = np.linspace(low, high, columns, axis=1)
    points = np.tile(np.asarray(z, np.float32), (len(dimensions), columns, 1))
    for row, dimension in enumerate(dimensions):
        points[row, :, dimension] = values[row]
    return points.reshape(-1, len(z)), values
