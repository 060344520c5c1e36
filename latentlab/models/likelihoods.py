"""Decoder distributions p(x|z): what the last layer's numbers mean."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.distributions import Bernoulli, Distribution, Independent, Normal

from latentlab.kinds import Config, Registry

PIXELS = 3  # how many dimensions (C, H, W) make up one image


class Likelihood(Config, ABC):
    """What the decoder says of each pixel."""

    outputs: ClassVar[int] = 1
    """Numbers that the network must give per pixel value."""

    kind: str

    @abstractmethod
    def distribution(self, h: Tensor) -> Distribution:
        """Turn the network's numbers into p(x|z).

        Parameters
        ----------
        h : Tensor
            With shape (B, outputs · C, H, W).

        Returns
        -------
        Distribution
            With batch shape (B,) and event shape (C, H, W); its mean is in [0, 1].
        """


LIKELIHOODS = Registry[Likelihood]("likelihood", default="bernoulli")


@LIKELIHOODS.register
class BernoulliLikelihood(Likelihood):
    """Each pixel is on with a probability: cross-entropy, for images near black and white."""

    kind: Literal["bernoulli"] = "bernoulli"

    def distribution(self, h: Tensor) -> Distribution:
        """See `Likelihood.distribution`; a grey pixel counts as its share of on and off."""
        # Validation would refuse grey values, which MNIST has and every VAE paper feeds.
        pixels = FastBernoulli(logits=h, validate_args=False)
        return Independent(pixels, PIXELS, validate_args=False)


@LIKELIHOODS.register
class GaussianLikelihood(Likelihood):
    """Each pixel is a mean with one fixed deviation: squared error, for grey and colour."""

    kind: Literal["gaussian"] = "gaussian"
    sigma: float = Field(
        0.1,
        gt=0,
        le=10,
        description="Standard deviation of a pixel around its mean, where black is 0 and white "
        "is 1. Smaller makes reconstruction weigh more against KL.",
    )

    def distribution(self, h: Tensor) -> Distribution:
        """See `Likelihood.distribution`."""
        sigma = torch.full_like(h, self.sigma)
        pixels = Normal(torch.sigmoid(h), sigma, validate_args=False)
        return Independent(pixels, PIXELS, validate_args=False)


class FastBernoulli(Bernoulli):
    """A Bernoulli by its logits, whose likelihood takes a third of torch's time on the CPU."""

    def log_prob(self, value: Tensor) -> Tensor:
        """Return log p(value) = value · h - log(1 + exp h) for logits h."""
        return value * self.logits - Softplus.apply(self.logits)


class Softplus(torch.autograd.Function):
    """log(1 + exp h) as relu(h) - log sigmoid(|h|): torch's own waits for a slow log1p."""

    @staticmethod
    def forward(ctx: Any, h: Tensor) -> Tensor:
        """Compute it, to within 1e-7 of the truth."""
        ctx.save_for_backward(h)
        return h.relu() - h.abs().sigmoid_().log_()

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        """Its slope is sigmoid(h), also at 0, where that of relu is not."""
        (h,) = ctx.saved_tensors
        return slope * h.sigmoid()
