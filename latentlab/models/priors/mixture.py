"""A learned mixture of Gaussians as the prior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, override

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.distributions import Categorical, Distribution, Independent, MixtureSameFamily, Normal

from latentlab.models.priors.prior import PRIORS, Prior, PriorNetwork

if TYPE_CHECKING:
    from latentlab.data.image_set import ImageSpec
    from latentlab.models.base import Model


@PRIORS.register
class MixturePrior(Prior, title="Mixture of Gaussians"):
    """A mixture of Gaussians with learned weights, means and deviations: codes may form groups."""

    kind: Literal["mixture"] = "mixture"
    components: int = Field(
        10,
        ge=1,
        le=1000,
        title="Components",
        description="Number of Gaussians in the prior.",
    )

    @override
    def build(self, latent_dim: int, spec: ImageSpec) -> Mixture:
        return Mixture(self.components, latent_dim)


class Mixture(PriorNetwork):
    """p(z) = Σ_k w_k N(z; m_k, diag s_k²), which starts with means drawn from N(0, I).

    Parameters
    ----------
    components, latent_dim : int
        K and D.
    """

    def __init__(self, components: int, latent_dim: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(components))
        self.mean = nn.Parameter(torch.randn(components, latent_dim))
        self.log_sigma = nn.Parameter(torch.zeros(components, latent_dim))

    @override
    def forward(self, model: Model, y: Tensor | None = None) -> Distribution:
        each = Normal(self.mean, self.log_sigma.exp(), validate_args=False)
        return mixture(self.logits, Independent(each, 1, validate_args=False))


def mixture(logits: Tensor, components: Distribution) -> Distribution:
    """Return the mixture of K components with unnormalised log weights of shape (K,)."""
    weights = Categorical(logits=logits, validate_args=False)
    return MixtureSameFamily(weights, components, validate_args=False)
