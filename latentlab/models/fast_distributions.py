"""Distributions over images with a faster log-likelihood on the CPU than torch's.

torch makes many passes over every pixel, each of which is limited by memory.
"""

from __future__ import annotations

import math
from typing import Any, override

import torch
from torch import Tensor
from torch.distributions import Bernoulli, ContinuousBernoulli, Independent, Laplace, Normal

EVENT_DIMS = 3  # number of event dimensions (C, H, W)


class BernoulliImages(Independent):
    """Bernoulli pixels.

    Parameters
    ----------
    pixels : Bernoulli
        With batch shape (B, C, H, W).
    """

    def __init__(self, pixels: Bernoulli) -> None:
        super().__init__(pixels, EVENT_DIMS, validate_args=False)

    @override
    def log_prob(self, value: Tensor) -> Tensor:
        """Return log p(x) per image, with shape (B,)."""
        return BernoulliLogProb.apply(self.base_dist.logits.flatten(1), value.flatten(1))


class BernoulliLogProb(torch.autograd.Function):
    """Σ x · h - log(1 + exp h) over the P pixels of each image, with logits h."""

    @staticmethod
    @override
    def forward(ctx: Any, h: Tensor, x: Tensor) -> Tensor:
        """Return the sums, (B,), for `h` and `x` of shape (B, P), to within 1e-7 per pixel."""
        p = h.sigmoid()
        ctx.save_for_backward(p, x)
        # Without log1p, which is slow: log(1 + exp h) = relu(h) - log max(p, 1 - p).
        return torch.addcmul(torch.maximum(p, 1 - p).log_(), x, h).sub_(h.relu()).sum(1)

    @staticmethod
    @override
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Return the gradient, x - sigmoid(h), times `grad`."""
        p, x = ctx.saved_tensors
        return (x - p).mul_(grad[:, None]), None


class GaussianImages(Independent):
    """Gaussian pixels with one common standard deviation.

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
        super().__init__(each, EVENT_DIMS, validate_args=False)

    @override
    def log_prob(self, value: Tensor) -> Tensor:
        """Return log p(x) per image, with shape (B,)."""
        mean = self.base_dist.loc.flatten(1)
        error = SquaredError.apply(mean, value.flatten(1))
        normaliser = mean.shape[1] * (self.sigma.log() + 0.5 * math.log(2 * math.pi))
        return -0.5 * error / self.sigma**2 - normaliser


class LaplaceImages(Independent):
    """Laplace pixels with one common scale.

    Parameters
    ----------
    mean : Tensor
        Mean and median, with shape (B, C, H, W).
    scale : Tensor
        With shape (1,).
    """

    def __init__(self, mean: Tensor, scale: Tensor) -> None:
        self.scale = scale
        each = Laplace(mean, scale.expand_as(mean), validate_args=False)
        super().__init__(each, EVENT_DIMS, validate_args=False)

    @override
    def log_prob(self, value: Tensor) -> Tensor:
        """Return log p(x) per image, with shape (B,)."""
        mean = self.base_dist.loc.flatten(1)
        error = AbsoluteError.apply(mean, value.flatten(1))
        return -error / self.scale - mean.shape[1] * (2 * self.scale).log()


class SquaredError(torch.autograd.Function):
    """Σ (x - mean)² over the P pixels of each image."""

    @staticmethod
    @override
    def forward(ctx: Any, mean: Tensor, x: Tensor) -> Tensor:
        """Return the sums, (B,), for `mean` and `x` of shape (B, P)."""
        error = x - mean
        ctx.save_for_backward(error)
        return error.square().sum(1)

    @staticmethod
    @override
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Return the gradient, -2 (x - mean), times `grad`."""
        (error,) = ctx.saved_tensors
        return error * (-2 * grad[:, None]), None


class AbsoluteError(torch.autograd.Function):
    """Σ |x - mean| over the P pixels of each image."""

    @staticmethod
    @override
    def forward(ctx: Any, mean: Tensor, x: Tensor) -> Tensor:
        """Return the sums, (B,), for `mean` and `x` of shape (B, P)."""
        error = x - mean
        ctx.save_for_backward(error)
        return error.abs().sum(1)

    @staticmethod
    @override
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Return the gradient, sign(mean - x), times `grad`."""
        (error,) = ctx.saved_tensors
        return error.sign() * -grad[:, None], None


SERIES_LIMIT = 1.0  # |logit| below which a series is used, because the closed form cancels


class StableContinuousBernoulli(ContinuousBernoulli):
    """p(x) = exp(x · h) · h / (exp h - 1) for x in [0, 1] and logits h of any shape.

    References
    ----------
    The continuous Bernoulli: fixing a pervasive error in variational autoencoders,
    Loaiza-Ganem & Cunningham, 2019, eq. 6 to 8, written with h for logit(lambda).
    """

    @override
    def log_prob(self, value: Tensor) -> Tensor:
        """Return log p(value), elementwise."""
        return value * self.logits - LogNormaliser.apply(self.logits)

    @property
    @override
    def mean(self) -> Tensor:
        """Return 1 / (1 - exp -h) - 1 / h, which is 1/2 for h = 0."""
        h = self.logits
        near, far = _split(h)
        square = near**2
        odd = 1 / 12 - square * (1 / 720 - square * (1 / 30240 - square / 1209600))
        return torch.where(
            h.abs() < SERIES_LIMIT, 0.5 + near * odd, -1 / torch.expm1(-far) - 1 / far
        )

    @property
    @override
    def variance(self) -> Tensor:
        """Return the derivative of the mean, 1 / h² - 1 / (2 sinh h/2)²."""
        h = self.logits
        near, far = _split(h)
        square = near**2
        even = 1 / 12 - square * (1 / 240 - square * (1 / 6048 - square / 172800))
        return torch.where(h.abs() < SERIES_LIMIT, even, far**-2 - 0.25 * torch.sinh(far / 2) ** -2)


class LogNormaliser(torch.autograd.Function):
    """log((exp h - 1) / h), whose derivative is the mean."""

    @staticmethod
    @override
    def forward(ctx: Any, h: Tensor) -> Tensor:
        """Return relu(h) + log((1 - exp -|h|) / |h|), which cannot overflow."""
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
    """Return `h` for the series and for the closed form, with a safe value if unused."""
    near = h.abs() < SERIES_LIMIT
    return torch.where(near, h, 0.0), torch.where(near, 1.0, h)
