"""The shortest round tour through points: the travelling salesman problem, which is small here."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_EXACT_POINTS = 11
"""Largest number of points whose shortest tour is found exactly: in 0.1 s."""


def shortest_tour(points: NDArray[np.floating]) -> list[int]:
    """Return the rows of points in the order of a short round tour, beginning with the first.

    The tour is the shortest one for at most `MAX_EXACT_POINTS` points; of more, no exchange of two
    edges makes it shorter.

    Parameters
    ----------
    points : ndarray of float, shape (N, D)
        At least one point.

    References
    ----------
    A Dynamic Programming Approach to Sequencing Problems, Held & Karp, 1962; and A Method for
    Solving Traveling-Salesman Problems, Croes, 1958 (2-opt).
    """
    z = points.astype(np.float64)
    distance = np.linalg.norm(z[:, None] - z[None, :], axis=-1)
    if len(z) <= 3:
        return list(range(len(z)))
    return _held_karp(distance) if len(z) <= MAX_EXACT_POINTS else _two_opt(distance)


def _held_karp(distance: NDArray[np.float64]) -> list[int]:
    """Return the shortest tour by the best ways through each subset to each end."""
    others = range(1, len(distance))
    best = {(1 << end, end): (distance[0, end], 0) for end in others}
    for size in range(2, len(distance)):
        for subset in combinations(others, size):
            mask = sum(1 << each for each in subset)
            for end in subset:
                rest = mask & ~(1 << end)
                best[mask, end] = min(
                    (best[rest, before][0] + distance[before, end], before)
                    for before in subset
                    if before != end
                )
    mask = sum(1 << each for each in others)
    end = min(others, key=lambda last: best[mask, last][0] + distance[last, 0])
    tour: list[int] = []
    while mask:
        tour.append(end)
        mask, end = mask & ~(1 << end), best[mask, end][1]
    return [0, *reversed(tour)]


def _two_opt(distance: NDArray[np.float64]) -> list[int]:
    """Return a tour from nearest neighbours, improved by exchanges of two edges."""
    tour, left = [0], set(range(1, len(distance)))
    while left:
        tour.append(min(left, key=lambda row: distance[tour[-1], row]))
        left.remove(tour[-1])
    is_better = True
    while is_better:
        is_better = False
        for i, j in combinations(range(1, len(tour)), 2):
            a, b, c, d = tour[i - 1], tour[i], tour[j], tour[(j + 1) % len(tour)]
            gain = distance[a, b] + distance[c, d] - distance[a, c] - distance[b, d]
            if gain > 1e-9:
                tour[i : j + 1] = tour[i : j + 1][::-1]
                is_better = True
    return tour
