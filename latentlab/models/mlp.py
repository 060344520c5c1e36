"""Fully connected encoder and decoder, the parts of `vae` and `cvae`."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, Normal

from latentlab.kinds import Choice
from latentlab.models.base import ModelConfig
from latentlab.models.likelihoods import LIKELIHOODS, BernoulliLikelihood, Likelihood

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latentlab.data.base import ImageSpec

Width = Annotated[int, Field(ge=1, le=8192)]


class MLPConfig(ModelConfig):
    """What all fully connected models let one choose."""

    hidden: tuple[Width, ...] = Field(
        (512, 256),
        max_length=8,
        description="Units of the encoder's hidden layers; the decoder mirrors them.",
    )
    latent_dim: int = Field(
        2,
        ge=1,
        le=512,
        description="Number of latent dimensions: 2 can be seen whole, more reconstruct better.",
    )
    likelihood: Annotated[Likelihood, Choice(LIKELIHOODS)] = Field(
        BernoulliLikelihood(),
        description="What the decoder says of each pixel.",
    )


class MLPEncoder(nn.Module):
    """Features to a diagonal Gaussian.

    Parameters
    ----------
    inputs : int
        Features per image, labels included.
    hidden : sequence of int
        Widths of the hidden layers.
    latent_dim : int
        Dimensions of the Gaussian.
    """

    def __init__(self, inputs: int, hidden: Sequence[int], latent_dim: int) -> None:
        super().__init__()
        self.trunk = relu_layers((inputs, *hidden))
        self.heads = nn.Linear((inputs, *hidden)[-1], 2 * latent_dim)

    def forward(self, features: Tensor) -> Distribution:
        """Return q(z|x) for features of shape (B, inputs)."""
        # Layers may compute in bf16; distributions and losses never do.
        mu, log_var = self.heads(self.trunk(features)).float().chunk(2, dim=-1)
        sigma = (0.5 * log_var).exp()
        return Independent(Normal(mu, sigma, validate_args=False), 1, validate_args=False)


class MLPDecoder(nn.Module):
    """Latent points to what a likelihood needs for each pixel.

    Parameters
    ----------
    inputs : int
        Latent dimensions, labels included.
    hidden : sequence of int
        Widths of the hidden layers, first to last.
    spec : ImageSpec
        The images to make.
    likelihood : Likelihood
        How the numbers are read.
    """

    def __init__(
        self, inputs: int, hidden: Sequence[int], spec: ImageSpec, likelihood: Likelihood
    ) -> None:
        super().__init__()
        self.trunk = relu_layers((inputs, *hidden))
        self.head = nn.Linear((inputs, *hidden)[-1], likelihood.outputs * spec.pixels)
        self.likelihood = likelihood
        self.shape = (likelihood.outputs * spec.shape[0], *spec.shape[1:])

    def forward(self, z: Tensor) -> Distribution:
        """Return p(x|z) for points of shape (B, inputs)."""
        h = self.head(self.trunk(z)).float()
        return self.likelihood.distribution(h.unflatten(-1, self.shape))


def relu_layers(sizes: Sequence[int]) -> nn.Sequential:
    """Linear layers from size to size, each followed by a ReLU."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers)
