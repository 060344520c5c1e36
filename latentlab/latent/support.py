"""Support of latent points by data: the number and the density of codes nearby."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.latent.nearest import NearestCodes
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

K = 10
"""k: the density is estimated from the distance to the k-th neighbour."""
REFERENCE_SAMPLES = 512
"""Samples of posteriors that the reference distances are computed from."""
SUPPORTED_QUANTILE, EDGE_QUANTILE = 0.90, 0.99
"""Quantiles of the reference distances: good support ends at the first, the edge at the second."""


@dataclass(frozen=True)
class SupportStatistics:
    """Reference distances between the codes of a data set.

    Parameters
    ----------
    codes : NearestCodes
        The N codes.
    own : ndarray of float64, shape (S,)
        Distances from samples of posteriors to the k-th nearest code, ascending.
    nearest : float
        Median distance from such a sample to the nearest code, never 0.
    k : int
        `NEIGHBOUR`, or fewer if there are fewer codes.
    """

    codes: NearestCodes
    own: NDArray[np.float64] = field(repr=False)
    nearest: float
    k: int

    @property
    def radius(self) -> float:
        """Median of `own`, never 0."""
        return max(float(np.median(self.own)), 1e-6)

    def quantile(self, share: float) -> float:
        """Return the quantile `share` (0 to 1) of `own`, never 0."""
        return max(float(np.quantile(self.own, share)), 1e-6)


@dataclass(frozen=True)
class Support:
    """Support of each of n points.

    Parameters
    ----------
    near : ndarray of int64, shape (n,)
        Number of codes within `radius`.
    radius : ndarray of float64, shape (n,)
        Median distance to the k-th nearest code: of all, or of the codes of the point's class.
    density : ndarray of float64, shape (n,)
        Density of codes relative to the usual, by the k-th neighbour: (radius / distance)^D.
    nearest : ndarray of float64, shape (n,)
        Distance to the nearest code, relative to its median.
    level : ndarray of float64, shape (n,)
        See `level_of`.
    """

    near: NDArray[np.int64] = field(repr=False)
    radius: NDArray[np.float64]
    density: NDArray[np.float64] = field(repr=False)
    nearest: NDArray[np.float64] = field(repr=False)
    level: NDArray[np.float64] = field(repr=False)


def fit_support(
    mu: NDArray[np.float32], sigma: NDArray[np.float32]
) -> Generator[Progress, None, SupportStatistics | None]:
    """Compute the reference distances between codes, in pieces of a few milliseconds.

    They are those of samples of the posteriors, at which the decoder was trained: in many
    dimensions these lie farther from all means than the means lie from each other.

    Parameters
    ----------
    mu, sigma : ndarray of float32, shape (N, D)
        Means and standard deviations of the posteriors.

    Returns
    -------
    SupportStatistics or None
        None with fewer than three codes.
    """
    if len(mu) < 3:
        return None
    codes = NearestCodes(mu)
    yield Progress("Measuring the density of the codes", 0.0)
    z, rows = posterior_samples(mu, sigma, REFERENCE_SAMPLES)
    k = min(K, len(mu) - 2)
    found = []
    for start in range(0, len(rows), codes.rows_at_once):
        part = slice(start, start + codes.rows_at_once)
        distances, near = codes.nearest(z[part], k + 1)
        # The code of a sample is no neighbour of it: it is sorted last, behind the first k.
        distances[near == rows[part, None]] = np.inf
        distances.sort(axis=1)
        found.append(distances[:, [0, k - 1]])
        yield Progress("Measuring the density of the codes", start / len(rows))
    distances = np.concatenate(found)
    nearest = max(float(np.median(distances[:, 0])), 1e-6)
    return SupportStatistics(codes, np.sort(distances[:, 1]), nearest, k)


def posterior_samples(
    mu: NDArray[np.float32], sigma: NDArray[np.float32], count: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Draw z ~ q(z|x) for some of the images, always the same; return also their rows."""
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(mu))[:count]
    noise = rng.standard_normal((len(rows), mu.shape[1])).astype(np.float32)
    return mu[rows] + sigma[rows] * noise, rows


def support_of(z: NDArray[np.float32], ground: SupportStatistics) -> Support:
    """Return the support of points of shape (n, D)."""
    distances, _ = ground.codes.nearest(z, ground.k)
    kth = np.maximum(distances[:, -1], 1e-9)
    with np.errstate(over="ignore", under="ignore"):
        density = (ground.radius / kth) ** z.shape[1]
    quantiles = ground.quantile(SUPPORTED_QUANTILE), ground.quantile(EDGE_QUANTILE)
    near = ground.codes.within(z, ground.radius)
    level = support_level(kth, *quantiles)
    radius = np.full(len(z), ground.radius)
    return Support(near, radius, density, distances[:, 0] / ground.nearest, level)


def joined(parts: Sequence[Support]) -> Support:
    """Return the support of the points of all parts, concatenated."""
    names = [each.name for each in fields(Support)]
    return Support(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def support_level(value: Any, usual: float, rare: float) -> NDArray[np.float64]:
    """Return a level from 0 to 1: ½ at `usual`, ¾ at `rare`, 1 from three times `rare` on.

    Parameters
    ----------
    value : ndarray or float
        Values that grow with the distance from the data.
    usual, rare : float
        Quantiles of the data at 90 % and 99 %.

    Returns
    -------
    ndarray of float64
        Linear between these points: up to ½ is good support, up to ¾ the edge of the data.
    """
    rare = max(rare, usual * (1 + 1e-6))
    return np.interp(value, [0.0, usual, rare, 3 * rare], [0.0, 0.5, 0.75, 1.0])
