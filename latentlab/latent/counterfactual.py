"""Nearest latent point at which a classifier of the decoded image decides otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from numpy.typing import NDArray

    type Decide = Callable[[NDArray[np.float32]], NDArray[np.int64]]
    """Returns the decision at each of N points of shape (N, D)."""
    type Wanted = Callable[[NDArray[np.float32]], NDArray[np.bool_]]
    """Returns whether the decision at each of N points is the wanted one."""

RANDOM_ENDS = 256
"""Points drawn around z that the search starts from."""
KEPT_ENDS = 16
"""Nearest points with another decision from which lines to z are followed."""
LINE_STEPS = 24
"""Points on each line at which the decision is taken."""
BISECTIONS = 12
ROUNDS = 10
"""Rounds of refinement around the nearest point."""
RAYS = 48
"""Rays per round."""
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
    start = int(decide(z[None])[0])

    def is_wanted(points: NDArray[np.float32]) -> NDArray[np.bool_]:
        found = decide(points)
        return found != start if target is None else found == target

    drawn = [radius * rng.normal(size=(RANDOM_ENDS // len(RADII), len(z))) for radius in RADII]
    ends = np.concatenate([others, z + np.concatenate(drawn)]).astype(np.float32)
    ends = ends[is_wanted(ends)]
    yield 0.1
    if not len(ends):
        return None
    near = np.argsort(np.linalg.norm(ends - z, axis=1))[:KEPT_ENDS]
    best = _nearest(z, _first_changes(z, ends[near], is_wanted))
    for step, noise in enumerate(np.geomspace(FIRST_NOISE, LAST_NOISE, ROUNDS)):
        yield 0.2 + 0.8 * step / ROUNDS
        best = _refined(z, best, noise, is_wanted, rng)
    return best


def _refined(
    z: NDArray[np.float32],
    best: NDArray[np.float32],
    noise: float,
    is_wanted: Wanted,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Return the nearest of the best point and the first changes on rays around it."""
    length = float(np.linalg.norm(best - z))
    shifts = rng.normal(size=(RAYS, len(z))) * noise * length / np.sqrt(len(z))
    rays = (best - z + shifts).astype(np.float32)
    # No longer than the best: a ray that ends with the wanted decision is an improvement.
    rays *= length / np.maximum(np.linalg.norm(rays, axis=1, keepdims=True), 1e-12)
    points = z + rays
    points = points[is_wanted(points)]
    if not len(points):
        return best
    return _nearest(z, np.vstack([best, _first_changes(z, points, is_wanted)]))


def _first_changes(
    z: NDArray[np.float32],
    ends: NDArray[np.float32],
    is_wanted: Wanted,
) -> NDArray[np.float32]:
    """Return the first point with the wanted decision on the line from z to each end."""
    shares = np.linspace(0, 1, LINE_STEPS + 1, dtype=np.float32)[1:]
    lines = z + shares[None, :, None] * (ends - z)[:, None]
    wanted = is_wanted(lines.reshape(-1, len(z))).reshape(len(ends), LINE_STEPS)
    wanted[:, -1] = True
    first = wanted.argmax(1)
    high = shares[first]
    low = np.where(first > 0, shares[np.maximum(first - 1, 0)], 0).astype(np.float32)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        inside = is_wanted(z + middle[:, None] * (ends - z))
        high, low = np.where(inside, middle, high), np.where(inside, low, middle)
    return z + high[:, None] * (ends - z)


def _nearest(z: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.float32]:
    nearest: NDArray[np.float32] = points[np.linalg.norm(points - z, axis=1).argmin()]
    return nearest
