"""What every model offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, Normal

from latentlab.kinds import Config, Registry

if TYPE_CHECKING:
    from latentlab.data.base import ImageSpec


class Model(nn.Module, ABC):
    """An encoder, a decoder and a prior, each of which returns a distribution.

    Shapes below: B images, C channels, H×W pixels, D latent dimensions. A conditional model
    takes labels `y` of shape (B,); the others ignore them.
    """

    conditional: ClassVar[bool] = False
    latent_dim: int

    @abstractmethod
    def encode(self, x: Tensor, y: Tensor | None = None) -> Distribution:
        """Return the posterior q(z|x), with event shape (D,).

        Parameters
        ----------
        x : Tensor
            Pixels in [0, 1], with shape (B, C, H, W).
        y : Tensor, optional
            Labels, with shape (B,).
        """

    @abstractmethod
    def decode(self, z: Tensor, y: Tensor | None = None) -> Distribution:
        """Return the likelihood p(x|z), with event shape (C, H, W).

        Parameters
        ----------
        z : Tensor
            Latent points, with shape (B, D).
        y : Tensor, optional
            Labels, with shape (B,).
        """

    def prior(self, y: Tensor | None = None) -> Distribution:
        """Return the prior p(z), with event shape (D,): the standard normal."""
        zeros = next(self.parameters()).new_zeros(self.latent_dim)
        return Independent(
            Normal(zeros, torch.ones_like(zeros), validate_args=False), 1, validate_args=False
        )


class ModelConfig(Config, ABC):
    """Which network, how large."""

    kind: str

    @abstractmethod
    def build(self, spec: ImageSpec) -> Model:
        """Make the network, with fresh weights, for images of `spec`.

        Raises
        ------
        RecipeError
            Where the model cannot be made for such images.
        """


MODELS = Registry[ModelConfig](
    "model", default="vae", package="latentlab.models", plugins="latentlab.models"
)
