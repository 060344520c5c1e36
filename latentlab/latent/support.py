"""How much data stands behind a latent point: codes near it, and how dense they lie."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.latent.nearest import NearestCodes
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

NEIGHBOUR = 10
"""Density is told by the distance to this neighbour."""
SAMPLE = 512
"""Codes whose own surroundings say what is usual."""
USUAL, RARE = 0.90, 0.99
"""Shares of the codes that stand on well-trodden ground, and within the map's edge."""


@dataclass(frozen=True)
class SupportStatistics:
    """What is usual among the codes of a data set.

    Parameters
    ----------
    codes : NearestCodes
        The N codes.
    own : ndarray of float64, shape (S,)
        Distances from samples of posteriors to the k-th nearest code, ascending.
    nearest : float
        Median distance from such a sample to the nearest code, never 0.
    k : int
        `NEIGHBOUR`, or fewer where there are fewer codes.
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
        """Return the distance that this share of `own` stays below."""
        return max(float(np.quantile(self.own, share)), 1e-6)


@dataclass(frozen=True)
class Support:
    """What stands behind each of n points.

    Parameters
    ----------
    near : ndarray of int64, shape (n,)
        Codes within `radius`.
    radius : ndarray of float64, shape (n,)
        Usual distance to the 10th nearest code: of all, or of the codes of the point's class.
    density : ndarray of float64, shape (n,)
        Density of codes as a multiple of the usual, by the k-th neighbour: (radius / distance)^D.
    nearest : ndarray of float64, shape (n,)
        Distance to the nearest code, as a multiple of the usual one.
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
    """Learn what is usual among codes, in pieces of a few milliseconds.

    Usual is what holds for samples of the posteriors: the decoder has learned at those, which in
    many dimensions lie further from all means than the means do from one another.

    Parameters
    ----------
    mu, sigma : ndarray of float32, shape (N, D)
        The codes, and how far their posteriors reach.

    Returns
    -------
    Ground or None
        None where there are too few codes to say.
    """
    if len(mu) < 3:
        return None
    codes = NearestCodes(mu)
    yield Progress("Looking at the codes", 0.0)
    z, rows = posterior_samples(mu, sigma, SAMPLE)
    k = min(NEIGHBOUR, len(mu) - 2)
    found = []
    for start in range(0, len(rows), codes.rows_at_once):
        part = slice(start, start + codes.rows_at_once)
        away, near = codes.nearest(z[part], k + 1)
        # One's own code is no neighbour: it goes last, and so falls out of the first k.
        away[near == rows[part, None]] = np.inf
        away.sort(axis=1)
        found.append(away[:, [0, k - 1]])
        yield Progress("Looking at the codes", start / len(rows))
    away = np.concatenate(found)
    nearest = max(float(np.median(away[:, 0])), 1e-6)
    return SupportStatistics(codes, np.sort(away[:, 1]), nearest, k)


def posterior_samples(
    mu: NDArray[np.float32], sigma: NDArray[np.float32], count: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Draw z ~ q(z|x) for some of the images, the same every time; return also their rows."""
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(mu))[:count]
    noise = rng.standard_normal((len(rows), mu.shape[1])).astype(np.float32)
    return mu[rows] + sigma[rows] * noise, rows


def support_of(z: NDArray[np.float32], ground: SupportStatistics) -> Support:
    """Say what stands behind points of shape (n, D)."""
    away, _ = ground.codes.nearest(z, ground.k)
    kth = np.maximum(away[:, -1], 1e-9)
    with np.errstate(over="ignore", under="ignore"):
        density = (ground.radius / kth) ** z.shape[1]
    edges = ground.quantile(USUAL), ground.quantile(RARE)
    near = ground.codes.within(z, ground.radius)
    level = level_of(kth, *edges)
    radius = np.full(len(z), ground.radius)
    return Support(near, radius, density, away[:, 0] / ground.nearest, level)


def joined(parts: Sequence[Support]) -> Support:
    """Return the support of the points of all parts, one part after another."""
    names = [each.name for each in fields(Support)]
    return Support(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def level_of(value: Any, usual: float, rare: float) -> NDArray[np.float64]:
    """Place a reading between what is usual and what is never seen.

    Parameters
    ----------
    value : ndarray or float
        Readings that grow the further one is from the data.
    usual, rare : float
        The readings that 90 % and 99 % of the data stay below.

    Returns
    -------
    ndarray of float64
        0 to ½ on well-trodden ground, to ¾ at the edge, up to 1 off the map.
    """
    rare = max(rare, usual * (1 + 1e-6))
    return np.interp(value, [0.0, usual, rare, 3 * rare], [0.0, 0.5, 0.75, 1.0])
