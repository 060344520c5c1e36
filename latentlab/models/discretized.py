"""Discretized distributions: probabilities of the 256 values of an 8-bit pixel.

Each value k has the probability of the interval [k - 1/2, k + 1/2] / 255 under a distribution of
real numbers; that of 0 also has all below, and that of 255 all above.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, override

import torch
from torch import Tensor
from torch.distributions import Distribution
from torch.nn import functional as F

if TYPE_CHECKING:
    from torch.distributions.constraints import Constraint

WHITE = 255
"""Value of a white pixel, whose intensity is 1."""


class DiscretizedPixels(Distribution, ABC):
    """8-bit pixels, as intensities k / 255, whose 256 probabilities have the sum 1.

    Parameters
    ----------
    loc : Tensor
        Mean of the distribution of real numbers, in [0, 1], of any shape.
    scale : Tensor
        Its scale, of a shape that broadcasts to that of `loc`.
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {}

    def __init__(self, loc: Tensor, scale: Tensor) -> None:
        self.loc = loc
        self.scale = scale
        super().__init__(loc.shape, validate_args=False)

    @property
    @override
    def mean(self) -> Tensor:
        """Return `loc`, the mean apart from the effect of black and white as limits."""
        return self.loc

    @override
    def log_prob(self, value: Tensor) -> Tensor:
        """Return log P(value), elementwise; intensities are rounded to 8 bits."""
        value = (value * WHITE).round() / WHITE
        half = 0.5 / WHITE
        above = (value + half - self.loc) / self.scale
        below = (value - half - self.loc) / self.scale
        return self._log_probability(below, above, value <= 0, value >= 1)

    @abstractmethod
    def _log_probability(
        self, below: Tensor, above: Tensor, black: Tensor, white: Tensor
    ) -> Tensor:
        """Return the log probability between two standardized limits.

        The lower limit of `black` pixels and the upper one of `white` pixels are infinite.
        """

    @override
    def sample(self, sample_shape: torch.Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        """Return intensities that are multiples of 1/255."""
        with torch.no_grad():
            real = self.loc + self.scale * self._standard(self._extended_shape(sample_shape))
            return (real.clamp(0, 1) * WHITE).round() / WHITE

    @abstractmethod
    def _standard(self, shape: torch.Size) -> Tensor:
        """Return a sample for loc 0 and scale 1."""


class DiscretizedLogistic(DiscretizedPixels):
    """Discretized logistic pixels.

    References
    ----------
    PixelCNN++, Salimans, Karpathy, Chen & Kingma, 2017, eq. 2, with one component.
    """

    @property
    @override
    def variance(self) -> Tensor:
        """Return the variance of the logistic distribution, before rounding."""
        return (self.scale.square() * (math.pi**2 / 3)).expand_as(self.loc)

    @override
    def _log_probability(
        self, below: Tensor, above: Tensor, black: Tensor, white: Tensor
    ) -> Tensor:
        """Return log(s(above) - s(below)), as s(a) - s(b) = s(a) s(-b) (1 - exp(b - a))."""
        edge = black | white
        inside = torch.where(edge, 0.0, (-torch.expm1(below - above)).log())
        of_above = torch.where(white, 0.0, F.logsigmoid(above))
        return inside + of_above + torch.where(black, 0.0, F.logsigmoid(-below))

    @override
    def _standard(self, shape: torch.Size) -> Tensor:
        tiny = torch.finfo(self.loc.dtype).tiny
        uniform = torch.rand(shape, dtype=self.loc.dtype, device=self.loc.device)
        return uniform.clamp(tiny, 1 - 1e-7).logit()


class DiscretizedGaussian(DiscretizedPixels):
    """Discretized Gaussian pixels."""

    @property
    @override
    def variance(self) -> Tensor:
        """Return the variance of the Gaussian, before rounding."""
        return self.scale.square().expand_as(self.loc)

    @override
    def _log_probability(
        self, below: Tensor, above: Tensor, black: Tensor, white: Tensor
    ) -> Tensor:
        """Return log(Phi(above) - Phi(below)), computed in the tail with the smaller numbers."""
        flipped = below > 0
        high = torch.where(flipped, -below, above)
        low = torch.where(flipped, -above, below)
        log_high, log_low = torch.special.log_ndtr(high), torch.special.log_ndtr(low)
        inside = log_high + (-torch.expm1(log_low - log_high)).log()
        edge = torch.special.log_ndtr(torch.where(black, above, -below))
        return torch.where(black | white, edge, inside)

    @override
    def _standard(self, shape: torch.Size) -> Tensor:
        return torch.randn(shape, dtype=self.loc.dtype, device=self.loc.device)
