"""Regions where the prior has density and the aggregate posterior has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_COMPARED_CODES = 20_000
"""Codes that are compared with the prior."""
DRAWS_PER_POSTERIOR = 4
"""Samples of the posterior of each of them."""
GRID_RADIUS = 3.5
GRID_CELLS = 80
SMOOTHING_SIGMA = 0.2
"""Standard deviation of the smoothing of both densities, in those of the prior."""


def draw_posteriors(
    mu: NDArray[np.float32], sigma: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return one sample of each q(z|x), with shape (N, D)."""
    noise = rng.standard_normal(mu.shape, np.float32)
    noise *= sigma
    noise += mu
    return noise


def prior_holes(xy: NDArray[np.float32], reach: float, n: int) -> NDArray[np.float64]:
    """Compare the density of codes on a plane with that of the prior, N(0, I).

    Both are smoothed by a Gaussian of standard deviation ``BLUR``, so the prior becomes
    N(0, 1 + BLUR²) along each axis.

    Parameters
    ----------
    xy : ndarray of float32, shape (M, 2)
        Samples of the aggregate posterior, on the plane.
    reach : float
        The grid goes from -reach to reach.
    n : int
        Number of cells per side.

    Returns
    -------
    ndarray of float64, shape (n, n)
        max(0, 1 - aggregate / prior)² · sqrt(prior / max prior), from 0 to 1, row 0 at the
        bottom.
    """
    # Imported here: scipy.ndimage takes 0.5 s to load.
    from scipy.ndimage import gaussian_filter

    edges = np.linspace(-reach, reach, n + 1)
    step = edges[1] - edges[0]
    counted, _, _ = np.histogram2d(xy[:, 1], xy[:, 0], bins=(edges, edges))
    aggregate = (
        gaussian_filter(counted, SMOOTHING_SIGMA / step, mode="constant")
        / max(1, len(xy))
        / step**2
    )
    middle = (edges[:-1] + edges[1:]) / 2
    variance = 1 + SMOOTHING_SIGMA**2
    bell = np.exp(-(middle**2) / 2 / variance) / np.sqrt(2 * np.pi * variance)
    prior = bell[:, None] * bell[None, :]
    missing = np.clip(1 - aggregate / np.maximum(prior, 1e-12), 0, 1)
    return missing**2 * np.sqrt(prior / prior.max())
