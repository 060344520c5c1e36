"""Base of autoencoders whose latents are an array of channels, height and width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, override

import torch
from pydantic import Field
from torch import Tensor
from torch.distributions import Distribution, Independent, Normal

from latentlab.errors import RecipeError
from latentlab.models.base import Model, ModelConfig

if TYPE_CHECKING:
    from latentlab.data.image_set import ImageSpec

MAX_LATENT_DIM = 16_384
MAX_PARAMETERS = 1 << 28
PIXEL_SIGMA = 0.1
"""Standard deviation of a pixel given z: these models are trained with other losses."""
Channels = Annotated[int, Field(ge=1, le=2048)]
Blocks = Annotated[tuple[Channels, ...], Field(min_length=1, max_length=8)]


class SpatialConfig(ModelConfig):
    """Settings of both kinds."""

    is_listed: ClassVar[bool] = False
    latent_channels: int = Field(4, ge=1, le=64)

    @property
    def factor(self) -> int:
        """Pixels along a side of the image per position of the latents."""
        raise NotImplementedError

    def latent_shape(self, spec: ImageSpec) -> tuple[int, int, int]:
        """Return channels, height and width of the latents of images.

        Raises
        ------
        RecipeError
            If the size of the images is no multiple of `factor`, or the latents are too large.
        """
        _, height, width = spec.shape
        if height % self.factor or width % self.factor:
            raise RecipeError({"model": f"images must be a multiple of {self.factor} pixels large"})
        shape = self.latent_channels, height // self.factor, width // self.factor
        if shape[0] * shape[1] * shape[2] > MAX_LATENT_DIM:
            raise RecipeError({"model": f"latents have more than {MAX_LATENT_DIM:,} values"})
        return shape


class SpatialModel(Model):
    """Model whose code z is a flattened array of channels, height and width.

    Parameters
    ----------
    config : SpatialConfig
        Sizes.
    spec : ImageSpec
        Shape of the images.
    """

    def __init__(self, config: SpatialConfig, spec: ImageSpec) -> None:
        super().__init__()
        channels, height, width = self.latent_shape = config.latent_shape(spec)
        self.latent_dim = channels * height * width

    @override
    def encode(self, x: Tensor, y: Tensor | None = None) -> Distribution:
        mu, sigma = self._moments(x)
        q = Normal(mu.flatten(1).float(), sigma.flatten(1).float(), validate_args=False)
        return Independent(q, 1, validate_args=False)

    @override
    def decode(self, z: Tensor, y: Tensor | None = None) -> Distribution:
        assert self.latent_shape
        mean = self._pixels(z.reshape(-1, *self.latent_shape)).float().clamp(0, 1)
        p = Normal(mean, torch.full_like(mean, PIXEL_SIGMA), validate_args=False)
        return Independent(p, 3, validate_args=False)

    def _moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation of the latents, each (B, C, h, w)."""
        raise NotImplementedError

    def _pixels(self, z: Tensor) -> Tensor:
        """Return the image of latents (B, C, h, w), where black is 0 and white is 1."""
        raise NotImplementedError

    def check_size(self) -> None:
        """Raise a `RecipeError` if the model has too many weights."""
        if sum(weights.numel() for weights in self.parameters()) > MAX_PARAMETERS:
            raise RecipeError({"model": f"more than {MAX_PARAMETERS:,} weights"})
