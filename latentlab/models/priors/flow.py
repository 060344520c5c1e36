"""A normalizing flow as the prior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, override

import torch
from pydantic import Field
from torch import Tensor
from torch.distributions import Distribution

from latentlab.models.priors.prior import PRIORS, Prior, PriorNetwork

if TYPE_CHECKING:
    from latentlab.data.image_set import ImageSpec
    from latentlab.models.base import Model

COUPLING = 2
"""Passes that invert a layer which transforms each half of z given the other half."""


@PRIORS.register
class FlowPrior(Prior, title="Normalizing flow"):
    """Layers that bend a standard normal into any smooth shape, with a known density.

    References
    ----------
    Neural Spline Flows, Durkan et al., 2019, coupling layers (section 3).
    """

    kind: Literal["flow"] = "flow"
    layers: int = Field(
        3,
        ge=1,
        le=16,
        title="Flow layers",
        description="Number of invertible layers; every second one transforms the other half of z.",
    )
    units: int = Field(
        64,
        ge=1,
        le=1024,
        title="Flow units",
        description="Units of both hidden layers that compute the splines of a layer.",
    )

    @override
    def build(self, latent_dim: int, spec: ImageSpec) -> Flow:
        return Flow(latent_dim, self)


class Flow(PriorNetwork):
    """Coupling layers of rational-quadratic splines on [-5, 5], from z to a standard normal.

    Parameters
    ----------
    latent_dim : int
        D.
    config : FlowPrior
        Number and size of the layers.
    """

    def __init__(self, latent_dim: int, config: FlowPrior) -> None:
        # Imported here: it takes a tenth of a second, which other models need not pay.
        from zuko.flows import NSF

        super().__init__()
        # The masks of the layers depend on values, which the meta device does not have.
        with torch.device("cpu"):
            self.flow = NSF(
                latent_dim,
                transforms=config.layers,
                hidden_features=(config.units, config.units),
                passes=COUPLING,
            )

    @override
    def forward(self, model: Model, y: Tensor | None = None) -> Distribution:
        return FullPrecision(self.flow(), next(self.flow.parameters()).device)


class FullPrecision(Distribution):
    """A distribution whose networks run in fp32, also under autocast.

    Parameters
    ----------
    flow : Distribution
        With event shape (D,).
    device : torch.device
        Where its networks are.
    """

    def __init__(self, flow: Distribution, device: torch.device) -> None:
        self._flow, self._device = flow, device
        super().__init__(flow.batch_shape, flow.event_shape, validate_args=False)

    @override
    def log_prob(self, value: Tensor) -> Tensor:
        """Return log p(z), with shape (...,), for points of shape (..., D)."""
        with torch.autocast(self._device.type, enabled=False):
            return self._flow.log_prob(value.float())

    @override
    def sample(self, sample_shape: torch.Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        """Return points with shape (*sample_shape, D), without gradient."""
        with torch.no_grad(), torch.autocast(self._device.type, enabled=False):
            return self._flow.sample(torch.Size(sample_shape))
