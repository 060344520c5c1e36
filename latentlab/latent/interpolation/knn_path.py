"""Shortest paths on the graph of neighbouring codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.latent.nearest import NearestCodes
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import ArrayLike, NDArray

NEIGHBOURS = 10
MAX_NODES = 10_000
"""Largest number of codes in the graph; more are sampled at random."""


@dataclass(frozen=True)
class KnnGraph:
    """Graph of codes, each connected to its nearest neighbours.

    Parameters
    ----------
    nodes : NearestCodes
        The n codes.
    edges : scipy.sparse.csr_matrix, shape (n, n)
        Euclidean lengths; symmetric.
    parts : int
        Number of connected components before they were joined.
    """

    nodes: NearestCodes
    edges: Any = field(repr=False)
    parts: int


def build_knn_graph(mu: NDArray[np.float32]) -> Generator[Progress, None, KnnGraph | None]:
    """Connect each code to its nearest neighbours, in pieces of a few milliseconds.

    Two codes are connected if either is among the nearest of the other. Components that are
    not connected are joined where they are closest.

    Parameters
    ----------
    mu : ndarray of float32, shape (N, D)
        The codes.

    Returns
    -------
    KnnGraph or None
        None with fewer than two different codes.
    """
    if len(mu) > MAX_NODES:
        mu = mu[np.sort(np.random.default_rng(0).permutation(len(mu))[:MAX_NODES])]
    # Equal codes would have edges of length 0, which a sparse graph does not store.
    nodes = np.unique(mu, axis=0)
    if len(nodes) < 2:
        return None
    index = NearestCodes(nodes)
    k = min(NEIGHBOURS, len(nodes) - 1)
    distances, near = [], []
    for start in range(0, len(nodes), index.rows_at_once):
        yield Progress("Joining neighbours", start / len(nodes))
        lengths, rows = index.nearest(nodes[start : start + index.rows_at_once], k + 1)
        distances.append(lengths[:, 1:])
        near.append(rows[:, 1:])
    edges = _symmetric(np.concatenate(near), np.concatenate(distances), len(nodes))
    yield Progress("Joining neighbours", 1.0)
    edges, parts = yield from _connect_components(nodes, edges)
    return KnnGraph(index, edges, parts)


def shortest_path(graph: KnnGraph, a: ArrayLike, b: ArrayLike) -> NDArray[np.float32]:
    """Return the vertices of the shortest path from `a` to `b` through codes, ends included.

    Returns
    -------
    ndarray of float32, shape (m, D)
    """
    from scipy.sparse import csr_matrix, vstack
    from scipy.sparse.csgraph import dijkstra

    ends = np.stack([np.asarray(a, np.float32), np.asarray(b, np.float32)])
    n, k = len(graph.nodes), min(NEIGHBOURS, len(graph.nodes))
    distances, near = graph.nodes.nearest(ends, k)
    direct = float(np.linalg.norm(ends[1] - ends[0]))
    if direct <= max(distances[0, 0], distances[1, 0]):
        return ends
    # Directed: from A into the graph, and from the graph to B.
    distances = np.maximum(distances, 1e-9)
    leave = csr_matrix((distances[0], (np.zeros(k, int), near[0])), shape=(1, n + 2))
    arrive = csr_matrix((distances[1], (near[1], np.full(k, n + 1))), shape=(n, n + 2))
    within = graph.edges.copy()
    within.resize((n, n + 2))
    graph_with_ends = vstack([within + arrive, leave, csr_matrix((1, n + 2))], format="csr")
    _, before = dijkstra(graph_with_ends, indices=n, return_predecessors=True)
    rows = []
    row = int(before[n + 1])
    while row not in (n, -9999):
        rows.append(row)
        row = int(before[row])
    return np.concatenate([ends[:1], graph.nodes.codes[rows[::-1]], ends[1:]])


def _symmetric(near: NDArray[Any], distances: NDArray[Any], n: int) -> Any:
    from scipy.sparse import csr_matrix

    rows = np.repeat(np.arange(n), near.shape[1])
    one_way = csr_matrix((distances.ravel().astype(np.float64), (rows, near.ravel())), shape=(n, n))
    return one_way.maximum(one_way.T).tocsr()


def _connect_components(
    nodes: NDArray[np.float32], edges: Any
) -> Generator[Progress, None, tuple[Any, int]]:
    """Join the smallest component to the nearest code outside it until there is one component."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    parts, part_of = connected_components(edges, directed=False)
    left = parts
    while left > 1:
        smallest = int(np.bincount(part_of).argmin())
        inside, outside = np.flatnonzero(part_of == smallest), np.flatnonzero(part_of != smallest)
        distance, start, stop = yield from _closest_pair(
            NearestCodes(nodes[outside]), nodes[inside]
        )
        pair = (inside[start], outside[stop])
        length = np.full(2, max(distance, 1e-9))
        edges = edges + csr_matrix((length, (pair, pair[::-1])), shape=edges.shape)
        left, part_of = connected_components(edges, directed=False)
        yield Progress("Joining parts", 1 - left / parts)
    return edges, parts


def _closest_pair(
    codes: NearestCodes, z: NDArray[np.float32]
) -> Generator[Progress, None, tuple[float, int, int]]:
    """Return the smallest distance between points and codes, and the rows of both."""
    best = (np.inf, 0, 0)
    for start in range(0, len(z), codes.rows_at_once):
        distances, near = codes.nearest(z[start : start + codes.rows_at_once], 1)
        row = int(distances[:, 0].argmin())
        best = min(best, (float(distances[row, 0]), start + row, int(near[row, 0])))
        yield Progress("Joining parts")
    return best
