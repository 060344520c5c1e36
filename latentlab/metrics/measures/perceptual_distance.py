"""Distance of the features of images and of reconstructions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import torch

from latentlab.learning.feature_network import feature_network
from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import METRICS, WITH_ENCODER, Group, Metric, Need, mean_of
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch import Tensor

    from latentlab.metrics.source import Source

EXTRACTOR = "latentlab perceptual, 3 stages"


@METRICS.register
class PerceptualDistance(Metric, title="Perceptual distance"):
    """Distance of the normalized features of images and reconstructions; 0 is equal.

    References
    ----------
    The Unreasonable Effectiveness of Deep Features as a Perceptual Metric (LPIPS), Zhang et al.,
    2018, eq. 1, with w = 1 and our features: the numbers are not those of LPIPS.
    """

    group: ClassVar[Group] = Group.RECONSTRUCTION
    needs: ClassVar[frozenset[Need]] = WITH_ENCODER
    kind: Literal["perceptual-distance"] = "perceptual-distance"

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        parts = []
        for share, x, mean in source.reconstructions():
            with torch.inference_mode():
                parts.append(distance(x, mean).double())
            yield Progress("Reconstructing", share)
        found = torch.cat(parts).numpy()
        on = ComputedOn(split=source.split, images=len(found), extractor=EXTRACTOR)
        return self.result(on, [mean_of("Perceptual distance", found)])


def distance(x: Tensor, y: Tensor) -> Tensor:
    """Return the distance of pairs of images in [0, 1], (B, C, H, W), with shape (B,)."""
    network = feature_network(x.device)
    total = x.new_zeros(len(x))
    for one, other in zip(network(x), network(y), strict=True):
        # The tiny norm keeps pixels without any feature at 0.
        one, other = (each / (each.norm(dim=1, keepdim=True) + 1e-10) for each in (one, other))
        total = total + (one - other).square().sum(1).mean((1, 2))
    return total
