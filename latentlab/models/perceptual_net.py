"""Small convolutional network whose features measure perceptual similarity."""

from __future__ import annotations

from itertools import pairwise
from typing import override

from torch import Tensor, nn

CHANNELS = (1, 16, 32, 64)


class Features(nn.Module):
    """Three convolutions, each at half the resolution of the previous one.

    The weights ship with latentlab (``training/make_features.py``), scaled so that a feature has
    a standard deviation of about 1 over the training images.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            nn.Conv2d(before, after, 3, stride=2, padding=1) for before, after in pairwise(CHANNELS)
        )

    @override
    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the features of each stage.

        Parameters
        ----------
        x : Tensor
            Pixels in [0, 1], with shape (B, C, H, W), of any size; colours are averaged to grey.

        Returns
        -------
        list of Tensor
            One per stage, with 16, 32 and 64 channels.
        """
        h = x.mean(1, keepdim=True)
        features = []
        for stage in self.stages:
            h = stage(h).relu()
            features.append(h)
        return features
