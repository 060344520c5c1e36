"""Fully connected encoder and decoder of `vae` and `cvae`."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal, override

from pydantic import Field
from torch import Tensor, nn

from latentlab.config import FIRST, Choice, Options
from latentlab.models.base import ModelConfig
from latentlab.models.latents import ContinuousConfig
from latentlab.models.layers import BatchNorm, Dropout
from latentlab.models.likelihoods import LIKELIHOODS, BernoulliLikelihood, Likelihood

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch.distributions import Distribution

    from latentlab.data.image_set import ImageSpec

Width = Annotated[int, Field(ge=1, le=8192)]


class MLPLayersConfig(ModelConfig):
    """Settings of the layers of all fully connected models."""

    hidden: tuple[Width, ...] = Field(
        (512, 256),
        max_length=8,
        title="Hidden layers",
        description="Units of each hidden layer of the encoder, such as 512, 256. The decoder has "
        "them in reverse order.",
    )
    likelihood: Annotated[Likelihood, Choice(LIKELIHOODS)] = Field(
        BernoulliLikelihood(),
        description="Distribution of a pixel given z. It defines the reconstruction loss.",
    )
    activation: Annotated[
        Literal["relu", "tanh"], Options({"relu": "ReLU", "tanh": "Hyperbolic tangent (tanh)"})
    ] = Field(
        "relu",
        title="Activation",
        description="Function of each hidden unit. ReLU learns fast; papers on likelihoods of "
        "MNIST also use tanh.",
    )
    norm: Annotated[
        Literal["none", "batch"], Options({"none": "None", "batch": "Batch normalization"})
    ] = Field(
        "none",
        title="Normalization",
        description="Batch normalization scales each hidden unit to mean 0 and standard deviation "
        "1 over the batch.",
    )
    dropout: float = Field(
        0.0,
        ge=0,
        le=0.9,
        description="Share of hidden units that are set to 0 at each step. Use it if the "
        "validation loss is much higher than the training loss.",
    )


class MLPConfig(ContinuousConfig, MLPLayersConfig):
    """Settings of the fully connected models with one vector of continuous codes."""

    latent_dim: int = Field(
        2,
        ge=1,
        le=512,
        title="Latent dimensions",
        description="Size of the code z. Two dimensions can be shown completely on the map; more "
        "dimensions reconstruct better.",
        json_schema_extra=FIRST,
    )


class MLPEncoder(nn.Module):
    """Fully connected encoder, from features to the posterior.

    Parameters
    ----------
    inputs : int
        Features per image, including labels.
    config : MLPConfig
        Hidden layers, from first to last, normalisation, dropout and posterior.
    """

    def __init__(self, inputs: int, config: MLPConfig) -> None:
        super().__init__()
        sizes = (inputs, *config.hidden)
        self.trunk = hidden_layers(sizes, config.activation, config.norm, config.dropout)
        self.heads = nn.Linear(sizes[-1], config.posterior.outputs * config.latent_dim)
        self.posterior = config.posterior.build(config.latent_dim)

    @override
    def forward(self, features: Tensor) -> Distribution:
        """Return q(z|x) for features of shape (B, inputs)."""
        # Layers may run in bf16; distributions and losses are in fp32.
        return self.posterior(self.heads(self.trunk(features)).float())


class MLPDecoder(nn.Module):
    """Fully connected decoder, from latent points to p(x|z).

    Parameters
    ----------
    inputs : int
        Latent dimensions, including labels.
    config : MLPLayersConfig
        Hidden layers, which are used in reverse order, and likelihood.
    spec : ImageSpec
        Shape of the images.
    """

    def __init__(self, inputs: int, config: MLPLayersConfig, spec: ImageSpec) -> None:
        super().__init__()
        sizes = (inputs, *config.hidden[::-1])
        outputs = config.likelihood.outputs
        self.trunk = hidden_layers(sizes, config.activation, config.norm, config.dropout)
        self.head = nn.Linear(sizes[-1], outputs * spec.pixels)
        self.likelihood = config.likelihood.build()
        self.shape = (outputs * spec.shape[0], *spec.shape[1:])

    @override
    def forward(self, z: Tensor) -> Distribution:
        """Return p(x|z) for points of shape (B, inputs)."""
        h = self.head(self.trunk(z)).float()
        return self.likelihood(h.unflatten(-1, self.shape))


def hidden_layers(
    sizes: Sequence[int], activation: str = "relu", norm: str = "none", dropout: float = 0.0
) -> nn.Sequential:
    """Return linear layers, each with optional batch norm, activation and optional dropout."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        # Batch norm removes the bias, and has its own.
        layers.append(nn.Linear(before, after, bias=norm == "none"))
        if norm == "batch":
            layers.append(BatchNorm(after))
        layers.append(nn.ReLU() if activation == "relu" else nn.Tanh())
        if dropout:
            layers.append(Dropout(dropout))
    return nn.Sequential(*layers)
