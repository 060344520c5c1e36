"""The distance between features of an image and of its reconstruction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, override

import torch
from pydantic import Field

from latentlab.learning.feature_network import feature_network
from latentlab.learning.terms.term import TERMS, Term

if TYPE_CHECKING:
    from torch import Tensor

    from latentlab.learning.batch import Batch


@TERMS.register
class Perceptual(Term, title="Perceptual loss"):
    """Distance between the features that a small network sees in both images: against blur.

    References
    ----------
    Perceptual Losses for Real-Time Style Transfer, Johnson et al., 2016, eq. 2, and Deep
    Feature Consistent VAE, Hou et al., 2017, eq. 3 and 4; here summed over the features, as
    reconstruction is summed over pixels.
    """

    kind: Literal["perceptual"] = "perceptual"
    weight: float = Field(
        0.1,
        ge=0,
        le=10_000,
        title="Extra weight",
        description="Weight of the distance between features in the loss.",
    )

    @override
    def value(self, batch: Batch) -> Tensor:
        """Return half the squared distance between the features of x and of the mean of p.

        Up to a constant, this is the negative log-likelihood in nats of features with standard
        deviation 1. Hidden pixels of x are replaced by the mean of p, without gradient.
        """
        mean = batch.p.mean
        x = batch.x if batch.known is None else torch.where(batch.known, batch.x, mean.detach())
        network = feature_network(mean.device)
        with torch.no_grad():
            targets = network(x)
        distance = mean.new_zeros(len(mean))
        for features, target in zip(network(mean), targets, strict=True):
            distance = distance + (features.float() - target.float()).square().flatten(1).sum(1)
        return 0.5 * distance
