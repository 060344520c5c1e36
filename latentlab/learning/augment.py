"""Random augmentation of the training images, against overfitting."""

from __future__ import annotations

import math

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from latentlab.config import Config


class Augmentation(Config):
    """Shift, rotate and mirror each training image at random whenever it is used."""

    shift: float = Field(
        0.0,
        ge=0,
        le=0.5,
        title="Random shift",
        description="Largest shift, as a share of the image: 0.1 is about 3 pixels of 28.",
    )
    rotate: float = Field(
        0.0,
        ge=0,
        le=180,
        title="Random rotation",
        description="Largest rotation to either side.",
        json_schema_extra={"unit": "°"},
    )
    flip: bool = Field(
        False,
        title="Random mirroring",
        description="Mirror half of the images: right for faces, wrong for digits.",
    )

    @property
    def active(self) -> bool:
        """Whether any augmentation is enabled."""
        return bool(self.shift or self.rotate or self.flip)

    def apply(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Return augmented images; pixels from outside the image are 0 (black).

        Parameters
        ----------
        x : Tensor
            Pixels in [0, 1], with shape (B, C, H, W).
        generator : torch.Generator
            Random generator, on the device of `x`.
        """
        shift, turn, flip = torch.rand(3, len(x), 2, generator=generator, device=x.device)
        angle = (2 * turn[:, 0] - 1) * math.radians(self.rotate)
        mirror = torch.where(flip[:, 0] < (0.5 if self.flip else 0.0), -1.0, 1.0)
        # affine_grid coordinates span [-1, 1] over the height and over the width.
        ratio = x.shape[-2] / x.shape[-1]
        cos, sin = angle.cos(), angle.sin()
        x_row = torch.stack([cos * mirror, -sin * ratio, (2 * shift[:, 0] - 1) * 2 * self.shift])
        y_row = torch.stack([sin * mirror / ratio, cos, (2 * shift[:, 1] - 1) * 2 * self.shift])
        matrices = torch.stack([x_row, y_row]).permute(2, 0, 1)
        grid = F.affine_grid(matrices, list(x.shape), align_corners=False)
        return F.grid_sample(x, grid, align_corners=False)
