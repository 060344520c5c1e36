"""Clusters and density of codes, computed in pieces or in a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.latent.nearest import NearestCodes
from latentlab.work import Progress, in_thread, with_progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

MAX_CLUSTERED_CODES = 10_000
"""Codes that are clustered; the others join the nearest cluster."""
DENSITY_SAMPLE = 5000
"""Codes from which the density is estimated."""
DENSITY_NEIGHBOUR = 10
BLOCK = 256


def k_means(codes: NDArray[np.float32], count: int) -> Generator[Progress, None, NDArray[np.int64]]:
    """Cluster codes into `count` groups by k-means.

    Least squares quantization in PCM, Lloyd, 1982.

    Returns
    -------
    ndarray of int64, shape (N,)
        Cluster of each code, the largest first.
    """

    def find() -> NDArray[np.int64]:
        from sklearn.cluster import KMeans

        method = KMeans(min(count, len(codes)), n_init=3, random_state=0)
        method.fit(codes[_sample_rows(len(codes))])
        return np.asarray(method.predict(codes), np.int64)

    return _by_size((yield from with_progress(in_thread(find), "k-means")))


def hdbscan(
    codes: NDArray[np.float32], smallest: int
) -> Generator[Progress, None, NDArray[np.int64]]:
    """Find dense clusters of at least `smallest` codes; the other codes belong to none.

    Density-based clustering based on hierarchical density estimates, Campello, Moulavi and
    Sander, 2013.

    Returns
    -------
    ndarray of int64, shape (N,)
        Cluster of each code, the largest first; -1 for none.
    """

    def find() -> NDArray[np.int64]:
        from sklearn.cluster import HDBSCAN

        rows = _sample_rows(len(codes))
        size = max(2, min(smallest * len(rows) // max(1, len(codes)), len(rows)))
        found = HDBSCAN(min_cluster_size=size, min_samples=min(10, size), copy=True).fit_predict(
            codes[rows]
        )
        if len(rows) == len(codes):
            return np.asarray(found, np.int64)
        index = NearestCodes(codes[rows])
        blocks = np.array_split(codes, -(-len(codes) // index.rows_at_once))
        nearest = np.concatenate([index.nearest(block, 1)[1][:, 0] for block in blocks])
        return np.asarray(found, np.int64)[nearest]

    return _by_size((yield from with_progress(in_thread(find), "HDBSCAN")))


def log_density(codes: NDArray[np.float32]) -> Generator[Progress, None, NDArray[np.float32]]:
    """Estimate the density of codes at each code.

    With the distance r to the k-th nearest of M others it is p = k / (M V rᴰ), where V is the
    volume of the unit ball (A nonparametric estimate of a multivariate density function,
    Loftsgaarden and Quesenberry, 1965, equation 2).

    Returns
    -------
    ndarray of float32, shape (N,)
        Logarithm of the density, nats.
    """
    from math import lgamma, log, pi

    count, size = codes.shape
    rows = _sample_rows(count, DENSITY_SAMPLE)
    sample, member = codes[rows], np.zeros(count, bool)
    member[rows] = True
    k = min(DENSITY_NEIGHBOUR, len(sample) - 1)
    half = (sample**2).sum(1) / 2
    squared = np.empty(count, np.float32)
    for start in range(0, count, BLOCK):
        part = codes[start : start + BLOCK]
        # A code in the sample finds itself first, which is skipped.
        ordered = np.partition(half - part @ sample.T, (k - 1, k), axis=1)
        nearest = np.where(member[start : start + BLOCK], ordered[:, k], ordered[:, k - 1])
        squared[start : start + BLOCK] = 2 * nearest + (part**2).sum(1)
        yield Progress("Density", start / count)
    ball = size / 2 * log(pi) - lgamma(size / 2 + 1)
    radius = np.log(np.maximum(squared, 1e-12)) / 2
    return (log(max(k, 1) / len(sample)) - ball - size * radius).astype(np.float32)


def _sample_rows(count: int, limit: int = MAX_CLUSTERED_CODES) -> NDArray[np.int64]:
    if count <= limit:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, limit, replace=False))


def _by_size(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Renumber clusters by size, the largest 0; -1 stays."""
    names, sizes = np.unique(groups[groups >= 0], return_counts=True)
    numbers = np.full(int(groups.max(initial=-1)) + 2, -1, np.int64)
    numbers[names[np.argsort(-sizes, kind="stable")]] = np.arange(len(names))
    return numbers[groups]
