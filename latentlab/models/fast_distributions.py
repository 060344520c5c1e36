"""Distributions over images whose log-likelihood takes a fraction of torch's time on the CPU.

torch's own makes many passes over every pixel, each of which must wait for memory.
"""

from __future__ import annotations

import math
from typing import Any, override

import torch
from torch import Tensor
from torch.distributions import Bernoulli, ContinuousBernoulli, Independent, Laplace, Normal

PIXELS = 3  # how many dimensions (C, H, W) make up one image


class BernoulliImages(Independent):
    """Bernoulli pixels.

    Parameters
    ----------
    pixels : Bernoulli
        With batch shape (B, C, H, W).
    """

    def __init__(self, pixels: Bernoulli) -> None:
        super().__init__(pixels, PIXELS, validate_args=False)

    @override
    def log_prob(self, value: Tensor) -> Tensor:
        """Return log p(x) per image, with shape (B,)."""
        return BernoulliLogProb.apply(self.base_dist.logits.flatten(1), value.flatten(1))


class BernoulliLogProb(torch.autograd.Function):
    """The sum of x · h - log(1 + exp h) over an image's logits h."""

    @staticmethod
    @override
    def forward(ctx: Any, h: Tensor, x: Tensor) -> Tensor:
        """Compute it, to within 1e-7 per pixel: log(1 + exp h) = relu(h) - log sigmoid(|h|)."""
        p = h.sigmoid()
        ctx.save_for_backward(p, x)
        # torch's own waits for a slow log1p; p and 1 - p are the sigmoids of h and of -h.
        return torch.addcmul(torch.maximum(p, 1 - p).log_(), x, h).sub_(h.relu()).sum(1)

    @staticmethod
    @override
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Its slope is x - sigmoid(h)."""
        p, x = ctx.saved_tensors
        return (x - p).mul_(grad[:, None]), None


class GaussianImages(Independent):
    """Gaussian pixels that share one deviation.

    Parameters
    ----------
    mean : Tensor
        With shape (B, C, H, W).
    sigma : Tensor
        With shape (1,).
    """

    def __init__(self, mean: Tensor, sigma: Tensor) -> None:
        self.sigma = sigma
        each = Normal(mean, sigma.expand_as(mean), validate_args=False)
        super().__init__(each, PIXELS, validate_args=False)

    @override
    def log_prob(self, value: Tensor) -> Tensor:
        """Return log p(x) per image, with shape (B,)."""
        mean = self.base_dist.loc.flatten(1)
        error = SquaredError.apply(mean, value.flatten(1))
        normaliser = mean.shape[1] * (self.sigma.log() + 0.5 * math.log(2 * math.pi))
        return -0.5 * error / self.sigma**2 - normaliser


class LaplaceImages(Independent):
    """Laplace pixels that share one scale.

    Parameters
    ----------
    mean : Tensor
        With shape (B, C, H, W); the median too.
    scale : Tensor
        With shape (1,).
    """

    def __init__(self, mean: Tensor, scale: Tensor) -> None:
        self.scale = scale
        each = Laplace(mean, scale.expand_as(mean), validate_args=False)
        super().__init__(each, PIXELS, validate_args=False)

    @override
    def log_prob(self, value: Tensor) -> Tensor:
        """Return log p(x) per image, with shape (B,)."""
        mean = self.base_dist.loc.flatten(1)
        error = AbsoluteError.apply(mean, value.flatten(1))
        return -error / self.scale - mean.shape[1] * (2 * self.scale).log()


class SquaredError(torch.autograd.Function):
    """The sum of (x - mean)² over an image."""

    @staticmethod
    @override
    def forward(ctx: Any, mean: Tensor, x: Tensor) -> Tensor:
        """Compute it for rows of pixels."""
        error = x - mean
        ctx.save_for_backward(error)
        return error.square().sum(1)

    @staticmethod
    @override
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Its slope is -2 (x - mean)."""
        (error,) = ctx.saved_tensors
        return error * (-2 * grad[:, None]), None


class AbsoluteError(torch.autograd.Function):
    """The sum of |x - mean| over an image."""

    @staticmethod
    @override
    def forward(ctx: Any, mean: Tensor, x: Tensor) -> Tensor:
        """Compute it for rows of pixels."""
        error = x - mean
        ctx.save_for_backward(error)
        return error.abs().sum(1)

    @staticmethod
    @override
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Its slope is the sign of mean - x."""
        (error,) = ctx.saved_tensors
        return error.sign() * -grad[:, None], None


SERIES = 1.0  # logits within this of 0 take a series, where the closed form would cancel out


class StableContinuousBernoulli(ContinuousBernoulli):
    """p(x) = exp(x · h) · h / (exp h - 1) for x from 0 to 1 and logits h, of any shape.

    References
    ----------
    The continuous Bernoulli: fixing a pervasive error in variational autoencoders,
    Loaiza-Ganem & Cunningham, 2019, eq. 6 to 8, written with h for logit(lambda).
    """

    @override
    def log_prob(self, value: Tensor) -> Tensor:
        """Return log p(value)."""
        return value * self.logits - LogNormaliser.apply(self.logits)

    @property
    @override
    def mean(self) -> Tensor:
        """Return 1 / (1 - exp -h) - 1 / h, which is 1/2 for h = 0."""
        h = self.logits
        near, far = _split(h)
        square = near**2
        odd = 1 / 12 - square * (1 / 720 - square * (1 / 30240 - square / 1209600))
        return torch.where(h.abs() < SERIES, 0.5 + near * odd, -1 / torch.expm1(-far) - 1 / far)

    @property
    @override
    def variance(self) -> Tensor:
        """Return the slope of the mean, 1 / h² - 1 / (2 sinh h/2)²."""
        h = self.logits
        near, far = _split(h)
        square = near**2
        even = 1 / 12 - square * (1 / 240 - square * (1 / 6048 - square / 172800))
        return torch.where(h.abs() < SERIES, even, far**-2 - 0.25 * torch.sinh(far / 2) ** -2)


class LogNormaliser(torch.autograd.Function):
    """log((exp h - 1) / h), whose slope is the mean."""

    @staticmethod
    @override
    def forward(ctx: Any, h: Tensor) -> Tensor:
        """Compute it as relu(h) + log((1 - exp -|h|) / |h|), which cannot overflow."""
        ctx.save_for_backward(h)
        size = h.abs().clamp_min(torch.finfo(h.dtype).tiny)
        return h.relu() + (-torch.expm1(-size) / size).log()

    @staticmethod
    @override
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        """Return the mean times `grad`."""
        (h,) = ctx.saved_tensors
        return grad * StableContinuousBernoulli(logits=h, validate_args=False).mean


def _split(h: Tensor) -> tuple[Tensor, Tensor]:
    """Return `h` for the series and for the closed form, harmless where it is for the other."""
    near = h.abs() < SERIES
    return torch.where(near, h, 0.0), torch.where(near, 1.0, h)
