"""How much data stands behind a latent point: codes near it, and how dense they lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.data.base import Loading

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

NEIGHBOUR = 10
"""Density is told by the distance to this neighbour."""
SAMPLE = 512
"""Codes whose own surroundings say what is usual."""
DISTANCES = 150_000
"""Distances that are computed within a few milliseconds: the size of a piece of work."""
USUAL, RARE = 0.90, 0.99
"""Shares of the codes that stand on well-trodden ground, and within the map's edge."""


class Cloud:
    """Codes among which the nearest are looked for, by looking at all of them.

    No tree is faster in as many dimensions as latent spaces have, and scikit-learn, which has
    this too, takes longer to load than all that is asked here takes to answer.

    Parameters
    ----------
    codes : ndarray of float32, shape (N, D)
        Where they lie.
    """

    def __init__(self, codes: NDArray[np.float32]) -> None:
        self.codes = codes
        self._squares = (codes**2).sum(1)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def rows_at_once(self) -> int:
        """How many points can be asked about within a few milliseconds."""
        return max(1, DISTANCES // max(1, len(self)))

    def nearest(
        self, z: NDArray[np.float32], k: int
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return distances to the k nearest codes of n points and their rows, both (n, k)."""
        near = np.argpartition(self._squared(z), k - 1, axis=1)[:, :k]
        # Anew for those found: a difference of large squares says little of a small distance.
        apart = self.codes[near].astype(np.float64) - z[:, None]
        away = np.linalg.norm(apart, axis=2)
        order = np.argsort(away, axis=1, kind="stable")
        return np.take_along_axis(away, order, 1), np.take_along_axis(near, order, 1)

    def within(self, z: NDArray[np.float32], radius: float) -> NDArray[np.int64]:
        """Return how many codes lie within a radius of n points, with shape (n,)."""
        return (self._squared(z) <= radius**2).sum(1)

    def _squared(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._squares - 2 * z @ self.codes.T + (z**2).sum(1)[:, None]


@dataclass(frozen=True)
class Ground:
    """What is usual among the codes of a data set.

    Parameters
    ----------
    cloud : Cloud
        The N codes.
    own : ndarray of float64, shape (S,)
        Distances of codes to their own k-th neighbour, ascending.
    nearest : float
        Median distance of a code to its nearest neighbour, never 0.
    k : int
        `NEIGHBOUR`, or fewer where there are fewer codes.
    """

    cloud: Cloud
    own: NDArray[np.float64] = field(repr=False)
    nearest: float
    k: int

    @property
    def radius(self) -> float:
        """Median distance of a code to its k-th neighbour, never 0."""
        return max(float(np.median(self.own)), 1e-6)

    def quantile(self, share: float) -> float:
        """Return the k-th neighbour's distance that this share of the codes stays below."""
        return max(float(np.quantile(self.own, share)), 1e-6)


@dataclass(frozen=True)
class Support:
    """What stands behind each of n points.

    Parameters
    ----------
    near : ndarray of int64, shape (n,)
        Codes within `radius`.
    radius : float
        Median distance of a code to its 10th neighbour.
    density : ndarray of float64, shape (n,)
        Density of codes as a multiple of that around the median code, by the k-th neighbour:
        (radius / distance)^D.
    nearest : ndarray of float64, shape (n,)
        Distance to the nearest code, as a multiple of what is usual among codes.
    level : ndarray of float64, shape (n,)
        See `level_of`.
    """

    near: NDArray[np.int64] = field(repr=False)
    radius: float
    density: NDArray[np.float64] = field(repr=False)
    nearest: NDArray[np.float64] = field(repr=False)
    level: NDArray[np.float64] = field(repr=False)


def survey(mu: NDArray[np.float32]) -> Generator[Loading, None, Ground | None]:
    """Learn what is usual among codes, in pieces of a few milliseconds.

    Parameters
    ----------
    mu : ndarray of float32, shape (N, D)
        The codes.

    Returns
    -------
    Ground or None
        None where there are too few codes to say.
    """
    if len(mu) < 3:
        return None
    cloud = Cloud(mu)
    yield Loading("Looking at the codes", 0.0)
    rows = np.random.default_rng(0).permutation(len(mu))[:SAMPLE]
    k = min(NEIGHBOUR, len(mu) - 2)
    found = []
    for start in range(0, len(rows), cloud.rows_at_once):
        # Every code is its own nearest: one more is asked for, and the first left out.
        away, _ = cloud.nearest(mu[rows[start : start + cloud.rows_at_once]], k + 1)
        found.append(away[:, [1, k]])
        yield Loading("Looking at the codes", start / len(rows))
    away = np.concatenate(found)
    nearest = max(float(np.median(away[:, 0])), 1e-6)
    return Ground(cloud, np.sort(away[:, 1]), nearest, k)


def support_of(z: NDArray[np.float32], ground: Ground) -> Support:
    """Say what stands behind points of shape (n, D)."""
    away, _ = ground.cloud.nearest(z, ground.k)
    kth = np.maximum(away[:, -1], 1e-9)
    with np.errstate(over="ignore", under="ignore"):
        density = (ground.radius / kth) ** z.shape[1]
    edges = ground.quantile(USUAL), ground.quantile(RARE)
    near = ground.cloud.within(z, ground.radius)
    level = level_of(kth, *edges)
    return Support(near, ground.radius, density, away[:, 0] / ground.nearest, level)


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
