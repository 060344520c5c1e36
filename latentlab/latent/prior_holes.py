"""Where the prior expects codes and there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIMIT = 20_000
"""Codes that are compared with the prior."""
DRAWS = 4
"""Draws of each posterior among them."""
REACH = 3.5
CELLS = 80
BLUR = 0.2
"""Standard deviation by which both densities are smoothed, in those of the prior."""


def draw_posteriors(
    mu: NDArray[np.float32], sigma: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return one draw of each q(z|x), with shape (N, D)."""
    noise = rng.standard_normal(mu.shape, np.float32)
    noise *= sigma
    noise += mu
    return noise


def holes(xy: NDArray[np.float32], reach: float, n: int) -> NDArray[np.float64]:
    """Compare the density of codes on a plane with that of the prior, N(0, 1).

    Both are smoothed alike: the codes' by a Gaussian of deviation ``BLUR``, which makes the
    prior's N(0, 1 + BLUR²).

    Parameters
    ----------
    xy : ndarray of float32, shape (M, 2)
        Draws from the aggregate posterior, on the plane.
    reach : float
        The grid goes from -reach to reach.
    n : int
        Its cells to each side.

    Returns
    -------
    ndarray of float64, shape (n, n)
        From 0 to 1, row 0 at the bottom: how much of what the prior expects is missing, less
        where it expects little.
    """
    edges = np.linspace(-reach, reach, n + 1)
    step = edges[1] - edges[0]
    counted, _, _ = np.histogram2d(xy[:, 1], xy[:, 0], bins=(edges, edges))
    aggregate = _blurred(_blurred(counted, step).T, step).T / max(1, len(xy)) / step**2
    middle = (edges[:-1] + edges[1:]) / 2
    variance = 1 + BLUR**2
    bell = np.exp(-(middle**2) / 2 / variance) / np.sqrt(2 * np.pi * variance)
    prior = bell[:, None] * bell[None, :]
    missing = np.clip(1 - aggregate / np.maximum(prior, 1e-12), 0, 1)
    return missing**2 * np.sqrt(prior / prior.max())


def _blurred(rows: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Return columns smoothed along the first axis."""
    far = int(np.ceil(4 * BLUR / step))
    away = np.arange(-far, far + 1) * step
    kernel = np.exp(-(away**2) / 2 / BLUR**2)
    kernel /= kernel.sum()
    padded = np.pad(rows, ((far, far), (0, 0)))
    return sum(k * padded[i : i + len(rows)] for i, k in enumerate(kernel.tolist()))
