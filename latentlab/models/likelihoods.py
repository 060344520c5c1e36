"""Likelihoods p(x|z): decoder distributions from the output of the last layer."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Literal, override

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.distributions import Bernoulli, Distribution, Independent, Normal

from latentlab.config import Config, Registry
from latentlab.models.discretized import DiscretizedGaussian, DiscretizedLogistic
from latentlab.models.fast_distributions import (
    EVENT_DIMS,
    BernoulliImages,
    GaussianImages,
    LaplaceImages,
    StableContinuousBernoulli,
)

MAX_SIGMA = 1.0  # twice the largest standard deviation of a pixel in [0, 1]

type Reader = Callable[[Tensor], Distribution]
"""Maps the network's output, with shape (B, outputs · C, H, W), to p(x|z)."""


class Likelihood(Config, ABC):
    """Base class of the likelihoods of pixels."""

    outputs: ClassVar[int] = 1
    """Outputs of the network per pixel value."""

    kind: str

    @abstractmethod
    def build(self) -> Reader:
        """Return the function from the network's output to p(x|z).

        Returns
        -------
        Reader
            Returns `Independent` with batch shape (B,) and event shape (C, H, W). The mean is in
            [0, 1], and ``base_dist.log_prob(x)`` has shape (B, C, H, W), so that hidden pixels can
            be left out. A likelihood with parameters returns a module: the decoder registers it,
            so the parameters belong to the model.
        """


LIKELIHOODS = Registry[Likelihood]("likelihood", default="bernoulli")

MIN_SIGMA = 1e-4
"""Smallest sigma or scale of a pixel, a fortieth of one of 256 shades: below it losses are too
large to learn from, and then not finite."""

MinSigma: Any = Field(
    0.01,
    ge=MIN_SIGMA,
    lt=MAX_SIGMA,
    description="Lower limit of sigma, where black is 0 and white is 1. Without it, a pixel that "
    "is always black would have an unlimited likelihood.",
    title="Smallest sigma",
)


@LIKELIHOODS.register
class BernoulliLikelihood(Likelihood, title="Bernoulli"):
    """Cross-entropy: the likelihood of black and white images; of grey ones no likelihood, a loss.

    Its nats compare with those of papers if the images are binarized (``data.binarize``).
    """

    kind: Literal["bernoulli"] = "bernoulli"

    @override
    def build(self) -> Reader:
        """Return the reader; a grey pixel x counts as x on and 1 - x off."""
        # Validation would reject grey values, which MNIST has and every VAE paper uses.
        return lambda h: BernoulliImages(Bernoulli(logits=h, validate_args=False))


@LIKELIHOODS.register
class ContinuousBernoulliLikelihood(Likelihood, title="Continuous Bernoulli"):
    """Bernoulli for grey values: normalized over all values from 0 to 1.

    References
    ----------
    The continuous Bernoulli: fixing a pervasive error in variational autoencoders,
    Loaiza-Ganem & Cunningham, 2019, eq. 6.
    """

    kind: Literal["continuous-bernoulli"] = "continuous-bernoulli"

    @override
    def build(self) -> Reader:
        return lambda h: _images(StableContinuousBernoulli(logits=h, validate_args=False))


@LIKELIHOODS.register
class GaussianLikelihood(Likelihood, title="Gaussian, fixed"):
    """Each pixel has a mean; sigma is a constant: squared error, for grey and colour."""

    kind: Literal["gaussian"] = "gaussian"
    sigma: float = Field(
        0.1,
        ge=MIN_SIGMA,
        le=10,
        description="Standard deviation of a pixel, where black is 0 and white is 1. A smaller "
        "sigma gives the reconstruction more weight against the KL.",
    )

    @override
    def build(self) -> Reader:
        return lambda h: GaussianImages(h.sigmoid(), h.new_full((1,), self.sigma))


@LIKELIHOODS.register
class LearnedGaussianLikelihood(Likelihood, title="Gaussian, learned"):
    """Training finds one sigma for all pixels, which balances reconstruction and KL.

    References
    ----------
    Simple and Effective VAE Training with Calibrated Decoders (sigma-VAE), Rybkin, Daniilidis
    & Levine, 2021, section 3.1.
    """

    kind: Literal["gaussian-learned"] = "gaussian-learned"
    min_sigma: float = MinSigma

    @override
    def build(self) -> Reader:
        return LearnedSigma(self.min_sigma)


@LIKELIHOODS.register
class PerPixelGaussianLikelihood(Likelihood, title="Gaussian, per pixel"):
    """Each pixel has its own mean and sigma: shows where the decoder is uncertain.

    References
    ----------
    Auto-Encoding Variational Bayes, Kingma & Welling, 2013, appendix C.2; and on why the
    deviation needs a bound, Leveraging the Exact Likelihood of Deep Latent Variable Models,
    Mattei & Frellsen, 2018, section 2.
    """

    outputs: ClassVar[int] = 2
    kind: Literal["gaussian-per-pixel"] = "gaussian-per-pixel"
    min_sigma: float = MinSigma

    @override
    def build(self) -> Reader:
        """Return the reader; the means are the first half of the channels."""
        return partial(_per_pixel, min_sigma=self.min_sigma)


@LIKELIHOODS.register
class LaplaceLikelihood(Likelihood, title="Laplace, fixed"):
    """Each pixel has a median; the scale is a constant: absolute error, for sharp edges."""

    kind: Literal["laplace"] = "laplace"
    scale: float = Field(
        0.1,
        ge=MIN_SIGMA,
        le=10,
        description="Mean distance of a pixel from its median, where black is 0 and white is 1. "
        "A smaller scale gives the reconstruction more weight against the KL.",
    )

    @override
    def build(self) -> Reader:
        return lambda h: LaplaceImages(h.sigmoid(), h.new_full((1,), self.scale))


@LIKELIHOODS.register
class LearnedLaplaceLikelihood(Likelihood, title="Laplace, learned"):
    """Absolute error; training finds one scale for all pixels."""

    kind: Literal["laplace-learned"] = "laplace-learned"
    min_sigma: float = MinSigma

    @override
    def build(self) -> Reader:
        """Return the reader; the scale is sigma / sqrt 2, of the same deviation."""
        return LearnedScale(self.min_sigma)


@LIKELIHOODS.register
class DiscretizedLogisticLikelihood(Likelihood, title="Discretized logistic"):
    """Probabilities of the 256 values of a pixel, with one learned scale: bits per dimension.

    References
    ----------
    PixelCNN++, Salimans, Karpathy, Chen & Kingma, 2017, eq. 2.
    """

    kind: Literal["discretized-logistic"] = "discretized-logistic"
    min_sigma: float = MinSigma

    @override
    def build(self) -> Reader:
        """Return the reader; the scale is sigma · sqrt 3 / pi, of the same deviation."""
        return LearnedLogistic(self.min_sigma)


@LIKELIHOODS.register
class DiscretizedGaussianLikelihood(Likelihood, title="Discretized Gaussian"):
    """Probabilities of the 256 values of a pixel, with one learned sigma: bits per dimension."""

    kind: Literal["discretized-gaussian"] = "discretized-gaussian"
    min_sigma: float = MinSigma

    @override
    def build(self) -> Reader:
        return LearnedDiscretizedSigma(self.min_sigma)


class LearnedSigma(nn.Module):
    """Gaussian pixels with one learned standard deviation.

    Parameters
    ----------
    min_sigma : float
        Lower bound of the standard deviation.
    """

    def __init__(self, min_sigma: float) -> None:
        super().__init__()
        self.min_sigma = min_sigma
        self.raw_sigma = nn.Parameter(torch.zeros(1))

    @override
    def forward(self, h: Tensor) -> Distribution:
        return GaussianImages(h.sigmoid(), bounded_sigma(self.raw_sigma, self.min_sigma))


class LearnedScale(LearnedSigma):
    """Laplace pixels with one learned scale."""

    @override
    def forward(self, h: Tensor) -> Distribution:
        sigma = bounded_sigma(self.raw_sigma, self.min_sigma)
        return LaplaceImages(h.sigmoid(), sigma / math.sqrt(2))


class LearnedLogistic(LearnedSigma):
    """Discretized logistic pixels with one learned scale."""

    @override
    def forward(self, h: Tensor) -> Distribution:
        sigma = bounded_sigma(self.raw_sigma, self.min_sigma)
        return _images(DiscretizedLogistic(h.sigmoid(), sigma * (math.sqrt(3) / math.pi)))


class LearnedDiscretizedSigma(LearnedSigma):
    """Discretized Gaussian pixels with one learned standard deviation."""

    @override
    def forward(self, h: Tensor) -> Distribution:
        sigma = bounded_sigma(self.raw_sigma, self.min_sigma)
        return _images(DiscretizedGaussian(h.sigmoid(), sigma))


def bounded_sigma(raw: Tensor, min_sigma: float) -> Tensor:
    """Return a standard deviation between `min_sigma` and `MAX_SIGMA` for any number.

    Log sigma is a sigmoid of `raw`. The initial value 0 gives the geometric mean of the bounds:
    0.1 for a `min_sigma` of 0.01.
    """
    low, high = math.log(min_sigma), math.log(MAX_SIGMA)
    return (low + (high - low) * raw.sigmoid()).exp()


def _per_pixel(h: Tensor, min_sigma: float) -> Distribution:
    mean, raw = h.chunk(2, dim=-EVENT_DIMS)
    sigma = bounded_sigma(raw, min_sigma)
    return _images(Normal(mean.sigmoid(), sigma, validate_args=False))


def _images(pixels: Distribution) -> Distribution:
    return Independent(pixels, EVENT_DIMS, validate_args=False)
