"""Samples of a model's prior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from latentlab.data.image_set import labels_in_turn
from latentlab.models.thread_rng import SeededRng

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latentlab.data.condition import Label, LabelArray
    from latentlab.data.image_set import ImageSpec
    from latentlab.models.base import Model


def sample_prior(model: Model, count: int, seed: int) -> NDArray[np.float32]:
    """Draw points from p(z); equal seeds give equal points.

    Returns
    -------
    ndarray of float32, shape (count, D)
    """
    with torch.no_grad(), SeededRng(seed):
        return model.prior().sample((count,)).numpy()


def labels_for(count: int, spec: ImageSpec, label: Label | None) -> LabelArray:
    """Return `count` labels: all equal to `label`, or those of `labels_in_turn` if it is None."""
    return labels_in_turn(count, spec) if label is None else spec.label_array([label] * count)
