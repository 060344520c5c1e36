"""A posterior that an inverse autoregressive flow makes of a Gaussian."""

from __future__ import annotations

import math
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, override

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.distributions import Distribution, constraints

from latentlab.models.posteriors.posterior import POSTERIORS, Posterior, Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

MOMENT_POINTS = 64
"""Points whose mean and standard deviation stand for those of the posterior."""


@POSTERIORS.register
class FlowPosterior(Posterior, title="Inverse autoregressive flow"):
    """Layers that bend the Gaussian of each image, so that its dimensions depend on each other.

    References
    ----------
    Improving Variational Inference with Inverse Autoregressive Flow, Kingma et al., 2016.
    """

    kind: Literal["flow"] = "flow"
    outputs: ClassVar[int] = 3
    layers: int = Field(
        2,
        ge=1,
        le=16,
        title="Posterior flow layers",
        description="Number of autoregressive layers, in alternating order of the dimensions.",
    )
    units: int = Field(
        64,
        ge=1,
        le=2048,
        title="Posterior flow units",
        description="Units of both hidden layers that compute the shift and scale of a layer.",
    )

    @override
    def build(self, latent_dim: int) -> Reader:
        return FlowReader(latent_dim, self)


class FlowReader(nn.Module):
    """Mean, log variance and context per latent dimension, and the layers of the flow.

    Parameters
    ----------
    latent_dim : int
        D.
    config : FlowPosterior
        Number and size of the layers.
    """

    def __init__(self, latent_dim: int, config: FlowPosterior) -> None:
        # Imported here: it takes a tenth of a second, which other models need not pay.
        from zuko.flows import MaskedAutoregressiveTransform

        super().__init__()
        order = torch.arange(latent_dim, device="cpu")
        # The masks of the layers depend on values, which the meta device does not have.
        with torch.device("cpu"):
            self.layers = nn.ModuleList(
                MaskedAutoregressiveTransform(
                    latent_dim,
                    context=latent_dim,
                    order=order.flip(0) if layer % 2 else order,
                    hidden_features=(config.units, config.units),
                )
                for layer in range(config.layers)
            )

    @override
    def forward(self, h: Tensor) -> Distribution:
        """Return q(z|x) for outputs of the encoder of shape (B, 3 · D)."""
        mu, log_var, context = h.chunk(3, dim=-1)
        return Flowed(mu, (0.5 * log_var).exp(), [layer(context) for layer in self.layers])


class Flowed(Distribution):
    """z = f_T(... f_1(mu + sigma · noise)), each layer autoregressive and given the image.

    A sample and its density take one pass per layer; the density of other points is found by
    inverting the layers, one dimension after another.

    Parameters
    ----------
    mu, sigma : Tensor
        The Gaussian before the layers, with shape (B, D).
    layers : sequence of zuko transforms
        The layers for these B images.
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    has_rsample = True

    def __init__(self, mu: Tensor, sigma: Tensor, layers: Sequence[Any]) -> None:
        self._mu, self._sigma, self._layers = mu, sigma, layers
        self._last: tuple[Tensor, Tensor] | None = None
        super().__init__(mu.shape[:-1], mu.shape[-1:], validate_args=False)

    @property
    def template(self) -> Tensor:
        """A tensor with the shape of one sample per image, (B, D)."""
        return self._mu

    def from_noise(self, noise: Tensor) -> Tensor:
        """Return samples for standard normal noise, both with shape (..., B, D).

        References
        ----------
        Improving Variational Inference with Inverse Autoregressive Flow, Kingma et al., 2016,
        eq. 10 and 11.
        """
        # Under autocast the layers would run in bf16, whose density is too coarse.
        with torch.autocast(noise.device.type, enabled=False):
            z = torch.addcmul(self._mu, self._sigma, noise)
            log_q = self._log_start(noise)
            for layer in self._layers:
                z, log_slope = layer.call_and_ladj(z)
                log_q = log_q - log_slope
        self._last = z, log_q
        return z

    def _log_start(self, noise: Tensor) -> Tensor:
        """Return the log density of the Gaussian before the layers, with shape (..., B)."""
        each = -0.5 * (noise**2 + math.log(2 * math.pi)) - self._sigma.log()
        return each.sum(-1)

    @override
    def log_prob(self, value: Tensor) -> Tensor:
        """Return log q(z|x), with shape (..., B), for points of shape (..., B, D)."""
        if self._last is not None and value is self._last[0]:
            return self._last[1]
        with torch.autocast(value.device.type, enabled=False):
            z, log_slopes = value.float(), torch.zeros_like(value[..., 0])
            for layer in reversed(self._layers):
                before = layer.inv(z)
                log_slopes = log_slopes + layer.log_abs_det_jacobian(before, z)
                z = before
            return self._log_start((z - self._mu) / self._sigma) - log_slopes

    @override
    def rsample(self, sample_shape: torch.Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        """Return samples with shape (*sample_shape, B, D)."""
        return self.from_noise(torch.randn(*sample_shape, *self._mu.shape, device=self._mu.device))

    @cached_property
    def _points(self) -> Tensor:
        """Samples for noise that is always the same, with shape (`MOMENT_POINTS`, B, D)."""
        last = self._last
        noise = torch.from_numpy(_moment_noise(self._mu.shape[-1])).to(self._mu)
        points = self.from_noise(noise[:, None].expand(-1, *self._mu.shape))
        self._last = last
        return points

    @property
    @override
    def mean(self) -> Tensor:
        """Mean over `MOMENT_POINTS` points, an estimate without randomness."""
        return self._points.mean(0)

    @property
    @override
    def variance(self) -> Tensor:
        """Variance over `MOMENT_POINTS` points, an estimate without randomness."""
        return self._points.var(0, correction=0)


@cache
def _moment_noise(size: int) -> np.ndarray:
    """Return points, (`MOMENT_POINTS`, size), whose mean is 0 and whose deviations are 1."""
    half = np.random.default_rng(0).standard_normal((MOMENT_POINTS // 2, size))
    half /= np.sqrt(np.square(half).mean(0))
    return np.concatenate([half, -half]).astype(np.float32)
