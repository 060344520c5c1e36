"""Two stochastic layers: the parts that the hierarchical models share.

z = (z1, z2): z2 has the prior N(0, I), and z1 a learned prior p(z1|z2). The posterior of z1 merges
what the image says with what z2 says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, override

import torch
from pydantic import Field, JsonValue
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, constraints, kl_divergence

from latentlab.config import FIRST
from latentlab.models.base import Auxiliary, Model, ModelConfig
from latentlab.models.mlp import hidden_layers
from latentlab.models.posteriors.gaussian import gaussian

if TYPE_CHECKING:
    from collections.abc import Mapping

LAYERS: dict[str, JsonValue] = {"group": "Stochastic layers"}
LOG_VARIANCE = 10.0
"""Largest magnitude of the log variances of z1, whose exponentials are summed."""


class LadderConfig(ModelConfig):
    """Settings of the stochastic layers."""

    z1_dim: int = Field(
        16,
        ge=1,
        le=4096,
        title="Dimensions of z1",
        description="Size of the lower layer, which holds details.",
        json_schema_extra=FIRST,
    )
    z2_dim: int = Field(
        4,
        ge=1,
        le=512,
        title="Dimensions of z2",
        description="Size of the upper layer, which predicts the lower one.",
        json_schema_extra=FIRST,
    )
    upper_hidden: tuple[Annotated[int, Field(ge=1, le=8192)], ...] = Field(
        (128,),
        max_length=8,
        title="Upper hidden layers",
        description="Units of each hidden layer between z1 and z2, upwards. Downwards, the order "
        "is reversed.",
        json_schema_extra=LAYERS,
    )

    @property
    def latent_dim(self) -> int:
        """Size of z = (z1, z2)."""
        return self.z1_dim + self.z2_dim


class Ladder(nn.Module):
    """The layers from features of an image to the posterior of (z1, z2), and the prior.

    Parameters
    ----------
    features : int
        Features per image.
    config : LadderConfig
        Sizes.
    """

    def __init__(self, features: int, config: LadderConfig) -> None:
        super().__init__()
        self.sizes = (config.z1_dim, config.z2_dim)
        up = (features, *config.upper_hidden)
        down = (config.z2_dim, *config.upper_hidden[::-1])
        self.lower = nn.Linear(features, 2 * config.z1_dim)
        self.upper = nn.Sequential(hidden_layers(up), nn.Linear(up[-1], 2 * config.z2_dim))
        self.down = nn.Sequential(hidden_layers(down), nn.Linear(down[-1], 2 * config.z1_dim))

    @override
    def forward(self, features: Tensor) -> LadderPosterior:
        """Return q(z1, z2|x) for features (B, features)."""
        mu, log_var = self.upper(features).float().chunk(2, dim=-1)
        return LadderPosterior(self, self.lower(features).float(), gaussian(mu, log_var))

    def prior(self) -> LadderPrior:
        """Return p(z1, z2)."""
        return LadderPrior(self, self.lower.weight.new_zeros(self.sizes[1]))

    def lower_prior(self, z2: Tensor) -> Independent:
        """Return p(z1|z2) for z2 with shape (..., D2)."""
        mu, log_var = self.down(z2).float().chunk(2, dim=-1)
        return gaussian(mu, _bounded(log_var))

    def merged(self, lower: Tensor, prior: Independent) -> Independent:
        """Return q(z1|x, z2): what the image says, times what z2 says, by their precisions.

        Parameters
        ----------
        lower : Tensor
            Mean and log variance by the image, with shape (B, 2 · D1).
        prior : Independent
            p(z1|z2).

        References
        ----------
        Ladder Variational Autoencoders, Sønderby et al., 2016, eq. 17 and 18.
        """
        mu, log_var = lower.chunk(2, dim=-1)
        by_image, by_prior = (-_bounded(log_var)).exp(), prior.variance.reciprocal()
        variance = (by_image + by_prior).reciprocal()
        mean = (mu * by_image + prior.mean * by_prior) * variance
        return gaussian(mean, variance.log())

    def split(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return z1 and z2 of z with shape (..., D)."""
        z1, z2 = z.split(self.sizes, dim=-1)
        return z1, z2


class LadderModel(Model):
    """Base class of models with a `Ladder`; their encoder is a trunk that ends in features."""

    has_gaussian_posterior: bool = False
    ladder: Ladder

    def equip(self, features: int, config: LadderConfig) -> None:
        """Give the model its stochastic layers, which follow `features` of the image."""
        self.latent_dim = config.latent_dim
        self.layers = {
            "z1": slice(0, config.z1_dim),
            "z2": slice(config.z1_dim, config.latent_dim),
        }
        self.ladder = Ladder(features, config)

    @override
    def prior(self, y: Tensor | None = None) -> Distribution:
        return self.ladder.prior()

    @override
    def auxiliary(self, q: Distribution, z: Tensor) -> Auxiliary:
        """Return the KL of each layer, whose sum is the KL in the loss."""
        assert isinstance(q, LadderPosterior)
        return Auxiliary(figures=q.kl_of_layers(z))


class LadderPrior(Distribution):
    """p(z1, z2) = N(z2; 0, I) p(z1|z2).

    Parameters
    ----------
    ladder : Ladder
        Layers of p(z1|z2).
    zeros : Tensor
        With shape (D2,), and the device and dtype of the prior.
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}

    def __init__(self, ladder: Ladder, zeros: Tensor) -> None:
        self.ladder, self.upper = ladder, gaussian(zeros, zeros)
        super().__init__(torch.Size(), torch.Size([sum(ladder.sizes)]), validate_args=False)

    @override
    def sample(self, sample_shape: torch.Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        """Return samples, with shape (*sample_shape, D): first z2, then z1 given z2."""
        with torch.no_grad():
            z2 = self.upper.sample(torch.Size(sample_shape))
            return torch.cat([self.ladder.lower_prior(z2).sample(), z2], -1)

    @override
    def log_prob(self, value: Tensor) -> Tensor:
        """Return log p(z), with shape (...), for points of shape (..., D)."""
        z1, z2 = self.ladder.split(value)
        log_p: Tensor = self.upper.log_prob(z2) + self.ladder.lower_prior(z2).log_prob(z1)
        return log_p


class LadderPosterior(Distribution):
    """q(z1, z2|x) = q(z2|x) q(z1|x, z2), both diagonal Gaussians.

    `mean` and `stddev` of z1 are those given the mean of z2.

    Parameters
    ----------
    ladder : Ladder
        Layers of p(z1|z2).
    lower : Tensor
        Mean and log variance of z1 by the image alone, with shape (B, 2 · D1).
    upper : Independent
        q(z2|x).
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    has_rsample = True

    def __init__(self, ladder: Ladder, lower: Tensor, upper: Independent) -> None:
        self._ladder, self._lower, self._upper = ladder, lower, upper
        self._last: tuple[Tensor, Independent, Independent] | None = None
        batch, size = upper.batch_shape, sum(ladder.sizes)
        super().__init__(batch, torch.Size([size]), validate_args=False)

    @property
    def template(self) -> Tensor:
        """A tensor with the shape of one sample per image, (B, D)."""
        return torch.cat([self._lower.chunk(2, dim=-1)[0], self._upper.mean], -1)

    def from_noise(self, noise: Tensor) -> Tensor:
        """Return samples for standard normal noise, both with shape (..., B, D)."""
        noise1, noise2 = self._ladder.split(noise)
        z2 = torch.addcmul(self._upper.mean, self._upper.stddev, noise2)
        prior, q = self._lower_layer(z2)
        z = torch.cat([torch.addcmul(q.mean, q.stddev, noise1), z2], -1)
        self._last = z, prior, q
        return z

    def _lower_layer(self, z2: Tensor) -> tuple[Independent, Independent]:
        """Return p(z1|z2) and q(z1|x, z2)."""
        prior = self._ladder.lower_prior(z2)
        return prior, self._ladder.merged(self._lower, prior)

    def _given(self, z: Tensor) -> tuple[Independent, Independent]:
        """Return p(z1|z2) and q(z1|x, z2) for z2 of points of shape (..., B, D)."""
        if self._last is not None and z is self._last[0]:
            return self._last[1:]
        return self._lower_layer(self._ladder.split(z)[1])

    @override
    def log_prob(self, value: Tensor) -> Tensor:
        """Return log q(z|x), with shape (..., B), for points of shape (..., B, D)."""
        z1, z2 = self._ladder.split(value)
        log_q: Tensor = self._given(value)[1].log_prob(z1) + self._upper.log_prob(z2)
        return log_q

    @override
    def rsample(self, sample_shape: torch.Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        """Return samples with shape (*sample_shape, B, D)."""
        template = self.template
        return self.from_noise(torch.randn(*sample_shape, *template.shape, device=template.device))

    def kl_of_layers(self, z: Tensor) -> Mapping[str, Tensor]:
        """Return the KL of each layer per image in nats, with shape (..., B).

        That of z2 is exact; that of z1 is exact given z2, which is taken from samples `z` of shape
        (..., B, D).

        References
        ----------
        Ladder Variational Autoencoders, Sønderby et al., 2016, eq. 9.
        """
        prior, q = self._given(z)
        zeros = torch.zeros_like(self._upper.mean)
        return {
            "kl_z1": kl_divergence(q, prior),
            "kl_z2": kl_divergence(self._upper, gaussian(zeros, zeros)).expand(z.shape[:-1]),
        }

    @property
    @override
    def mean(self) -> Tensor:
        return torch.cat([self._at_mean[1].mean, self._upper.mean], -1)

    @property
    @override
    def variance(self) -> Tensor:
        return torch.cat([self._at_mean[1].variance, self._upper.variance], -1)

    @property
    def _at_mean(self) -> tuple[Independent, Independent]:
        return self._lower_layer(self._upper.mean)


def _bounded(log_var: Tensor) -> Tensor:
    """Return log variances within ± `LOG_VARIANCE`, smoothly, so that gradients never vanish."""
    return LOG_VARIANCE * torch.tanh(log_var / LOG_VARIANCE)
