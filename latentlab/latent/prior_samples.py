"""Samples of a model's prior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from latentlab.latent.dimensions import prior_range
from latentlab.latent.encode import label_tensor
from latentlab.latent.grid import Spacing, grid_axis, sampled_axis
from latentlab.models.base import StandardNormal
from latentlab.models.thread_rng import SeededRng

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.data.condition import LabelArray
    from latentlab.latent.planes import Plane
    from latentlab.models.base import Model


RANGE_SAMPLES = 2000


def sample_prior(
    model: Model, count: int, seed: int, labels: LabelArray | None
) -> NDArray[np.float32]:
    """Draw points from the prior; equal seeds give equal points.

    Parameters
    ----------
    model : Model
        Model whose prior it is.
    count : int
        Number of points.
    seed : int
        Seed of the random numbers.
    labels : ndarray, shape (count,) or (count, K), or None
        The labels that the points will be decoded with; a model that is not conditional ignores
        them. See `Model.draw_prior`.

    Returns
    -------
    ndarray of float32, shape (count, D)
    """
    y = None if labels is None else label_tensor(model, labels)
    with torch.no_grad(), SeededRng(seed):
        return model.draw_prior(count, y).numpy()


def sample_standard_normal(latent_dim: int, count: int, seed: int) -> NDArray[np.float32]:
    """Draw points from N(0, I), with shape (count, D), as those of a model with this prior."""
    with SeededRng(seed):
        return StandardNormal(torch.zeros(latent_dim)).sample((count,)).numpy()


def range_of_prior(model: Model, span: float, label: LabelArray | None) -> NDArray[np.float64]:
    """Return mean ± `span` standard deviations of the prior along each dimension, shape (D, 2).

    Those of a learned prior are estimated from `RANGE_SAMPLES` samples, given a label of shape
    (1,) or (1, K); None is the range over all labels.
    """
    if model.has_standard_prior:
        return prior_range(model.latent_dim, span)
    z = _samples(model, label).astype(np.float64)
    middle, reach = z.mean(0), span * z.std(0)
    return np.stack([middle - reach, middle + reach], axis=1)


def grid_over_prior(
    model: Model,
    frame: Plane,
    n: int,
    span: float,
    spacing: Spacing,
    label: LabelArray | None,
) -> NDArray[np.float64]:
    """Return the coordinates of a grid over a plane, in standard deviations of p(z) or its shares.

    Those of a learned prior are estimated from `RANGE_SAMPLES` samples, given a label of shape
    (1,) or (1, K) as in `range_of_prior`; a prior without a density, whose samples take long, is
    treated as N(0, I).

    Returns
    -------
    ndarray, shape (2, n)
        Along x and y of the plane, ascending.
    """
    if model.has_standard_prior or not model.has_prior_density:
        return np.tile(grid_axis(n, span, spacing), (2, 1))
    placed = frame.place(_samples(model, label))
    return np.stack([sampled_axis(each, n, span, spacing) for each in placed.T])


def _samples(model: Model, label: LabelArray | None) -> NDArray[np.float32]:
    labels = None if label is None else label.repeat(RANGE_SAMPLES, axis=0)
    return sample_prior(model, RANGE_SAMPLES, 0, labels)
