"""Samples of a model's prior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from latentlab.latent.dimensions import prior_range
from latentlab.latent.grid import Spacing, grid_axis, sampled_axis
from latentlab.models.base import StandardNormal
from latentlab.models.thread_rng import SeededRng

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.latent.planes import Plane
    from latentlab.models.base import Model


RANGE_SAMPLES = 2000


def sample_prior(model: Model, count: int, seed: int) -> NDArray[np.float32]:
    """Draw points from p(z); equal seeds give equal points.

    Returns
    -------
    ndarray of float32, shape (count, D)
    """
    with torch.no_grad(), SeededRng(seed):
        return model.prior().sample((count,)).numpy()


def sample_standard_normal(latent_dim: int, count: int, seed: int) -> NDArray[np.float32]:
    """Draw points from N(0, I), with shape (count, D), as those of a model with this prior."""
    with SeededRng(seed):
        return StandardNormal(torch.zeros(latent_dim)).sample((count,)).numpy()


def range_of_prior(model: Model, span: float) -> NDArray[np.float64]:
    """Return mean ± `span` standard deviations of p(z) along each dimension, shape (D, 2).

    Those of a learned prior are estimated from `RANGE_SAMPLES` samples.
    """
    if model.has_standard_prior:
        return prior_range(model.latent_dim, span)
    z = sample_prior(model, RANGE_SAMPLES, 0).astype(np.float64)
    middle, reach = z.mean(0), span * z.std(0)
    return np.stack([middle - reach, middle + reach], axis=1)


def grid_over_prior(
    model: Model, frame: Plane, n: int, span: float, spacing: Spacing
) -> NDArray[np.float64]:
    """Return the coordinates of a grid over a plane, in standard deviations of p(z) or its shares.

    Those of a learned prior are estimated from `RANGE_SAMPLES` samples; a prior without a density,
    whose samples take long, is treated as N(0, I).

    Returns
    -------
    ndarray, shape (2, n)
        Along x and y of the plane, ascending.
    """
    if model.has_standard_prior or not model.has_prior_density:
        return np.tile(grid_axis(n, span, spacing), (2, 1))
    placed = frame.place(sample_prior(model, RANGE_SAMPLES, 0))
    return np.stack([sampled_axis(each, n, span, spacing) for each in placed.T])
