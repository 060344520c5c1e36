"""Nearest latent point at which a classifier of the decoded image decides otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from numpy.typing import NDArray

    type Decide = Callable[[NDArray[np.float32]], NDArray[np.int64]]
    """Returns the decision at each of N points of shape (N, D)."""

RANDOM_ENDS = 256
"""Points drawn around z that the search starts from."""
KEPT_ENDS = 16
"""Nearest points with another decision from which lines to z are followed."""
LINE_STEPS = 16
"""Points on each line at which the decision is taken."""
BISECTIONS = 12
ROUNDS = 10
"""Rounds of refinement around the nearest point."""
RAYS = 48
"""Rays per round."""
POINTS_AT_ONCE = 64
"""Points that are decided between two reports."""
FIRST_NOISE, LAST_NOISE = 0.6, 0.03
"""Noise of the direction of a ray relative to its length, in the first and the last round."""
RADII = (1.0, 2.0, 4.0)
"""Standard deviations of the random points."""


def nearest_other(
    z: NDArray[np.float32],
    decide: Decide,
    target: int | None,
    others: NDArray[np.float32],
) -> Generator[float, None, NDArray[np.float32] | None]:
    """Search the nearest point with another decision, without gradients.

    Points with another decision are drawn around z and taken from `others`. On the lines from z to
    the nearest of them the first change is bisected. Then rays around the best direction are
    bisected, with less and less noise, as in a boundary attack.

    Parameters
    ----------
    z : ndarray of float32, shape (D,)
        The point.
    decide : callable
        Decision of the classifier at points.
    target : int or None
        Wanted decision; None for any other than that at z.
    others : ndarray of float32, shape (M, D)
        Further points to try, such as codes of images; may be empty.

    Yields
    ------
    float
        Fraction done, 0 to 1.

    Returns
    -------
    ndarray of float32, shape (D,), or None
        None if none was found.

    References
    ----------
    Decision-Based Adversarial Attacks, Brendel, Rauber & Bethge, 2018, section 2.
    """
    rng = np.random.default_rng(0)
    search = _Search(z, decide, target)
    drawn = [radius * rng.normal(size=(RANDOM_ENDS // len(RADII), len(z))) for radius in RADII]
    ends = np.concatenate([others, z + np.concatenate(drawn)]).astype(np.float32)
    ends = ends[(yield from search.wanted(ends))]
    if not len(ends):
        return None
    near = np.argsort(np.linalg.norm(ends - z, axis=1))[:KEPT_ENDS]
    best = _nearest(z, (yield from search.first_changes(ends[near])))
    for step, noise in enumerate(np.geomspace(FIRST_NOISE, LAST_NOISE, ROUNDS)):
        search.fraction = (1 + step) / (1 + ROUNDS)
        ends = _around(z, best, noise, rng)
        ends = ends[(yield from search.wanted(ends))]
        if len(ends):
            found = yield from search.first_changes(ends)
            best = _nearest(z, np.vstack([best, found]))
    return best


class _Search:
    """Decisions around a point, in pieces of `POINTS_AT_ONCE`."""

    def __init__(self, z: NDArray[np.float32], decide: Decide, target: int | None) -> None:
        self._z, self._decide, self._target = z, decide, target
        self._start = int(decide(z[None])[0])
        self.fraction = 0.0

    def wanted(self, points: NDArray[np.float32]) -> Generator[float, None, NDArray[np.bool_]]:
        """Return whether each of N points has the wanted decision; yields the fraction done."""
        found = np.zeros(len(points), bool)
        for first in range(0, len(points), POINTS_AT_ONCE):
            part = slice(first, first + POINTS_AT_ONCE)
            decisions = self._decide(points[part])
            is_other = decisions != self._start
            found[part] = is_other if self._target is None else decisions == self._target
            yield self.fraction
        return found

    def first_changes(
        self, ends: NDArray[np.float32]
    ) -> Generator[float, None, NDArray[np.float32]]:
        """Return the first point with the wanted decision on the line from z to each end."""
        z, rays = self._z, ends - self._z
        low, high = (np.full(len(ends), share, np.float32) for share in (0, 1))
        left = np.arange(len(ends))  # lines on which no change is known but that at the end
        for share in np.linspace(0, 1, LINE_STEPS + 1, dtype=np.float32)[1:-1]:
            is_wanted = yield from self.wanted(z + share * rays[left])
            high[left[is_wanted]] = share
            left = left[~is_wanted]
            low[left] = share
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            is_wanted = yield from self.wanted(z + middle[:, None] * rays)
            high, low = np.where(is_wanted, middle, high), np.where(is_wanted, low, middle)
        return z + high[:, None] * rays


def _around(
    z: NDArray[np.float32],
    best: NDArray[np.float32],
    noise: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Return points as far from z as the best one, in random directions around it."""
    length = float(np.linalg.norm(best - z))
    shifts = rng.normal(size=(RAYS, len(z))) * noise * length / np.sqrt(len(z))
    rays = (best - z + shifts).astype(np.float32)
    rays *= length / np.maximum(np.linalg.norm(rays, axis=1, keepdims=True), 1e-12)
    return z + rays


def _nearest(z: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.float32]:
    nearest: NDArray[np.float32] = points[np.linalg.norm(points - z, axis=1).argmin()]
    return nearest
