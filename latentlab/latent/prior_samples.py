"""Samples of a model's prior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from latentlab.models.thread_rng import SeededRng

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.models.base import Model


def sample_prior(model: Model, count: int, seed: int) -> NDArray[np.float32]:
    """Draw points from p(z); equal seeds give equal points.

    Returns
    -------
    ndarray of float32, shape (count, D)
    """
    with torch.no_grad(), SeededRng(seed):
        return model.prior().sample((count,)).numpy()


def labels_for(count: int, classes: int, label: int | None) -> NDArray[np.int64]:
    """Return `count` labels: all equal to `label`, or each class in turn if it is None."""
    if label is not None:
        return np.full(count, label, np.int64)
    return np.arange(count, dtype=np.int64) % max(classes, 1)
