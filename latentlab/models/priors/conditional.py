"""A Gaussian for each label as the prior of a conditional model."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, Normal

from latentlab.models.label import LabelVector
from latentlab.models.priors.mixture import mixture
from latentlab.models.priors.prior import PRIORS, Prior, PriorNetwork

if TYPE_CHECKING:
    from latentlab.data.image_set import ImageSpec
    from latentlab.models.base import Model


@PRIORS.register
class ConditionalPrior(Prior, title="Gaussian given the label"):
    """p(z|y): each label has its own mean and deviations; only for conditional models.

    References
    ----------
    Learning Structured Output Representation using Deep Conditional Generative Models, Sohn, Lee &
    Yan, 2015, section 4.1: the prior network of the CVAE, here without hidden layers.
    """

    depends_on_label: ClassVar[bool] = True
    kind: Literal["conditional"] = "conditional"

    @override
    def build(self, latent_dim: int, spec: ImageSpec) -> GaussianGivenLabel:
        return GaussianGivenLabel(latent_dim, spec)


class GaussianGivenLabel(PriorNetwork):
    """p(z|y) = N(z; m(y), diag s(y)²), with m and log s affine in the vector of the label.

    It starts as N(0, I) for every label. Without labels it is the mixture of the classes, or of
    the combinations of conditions that samples go through, with equal weights; continuous
    conditions then have their mean in the training images.

    Parameters
    ----------
    latent_dim : int
        D.
    spec : ImageSpec
        Classes or conditions of the images.
    """

    def __init__(self, latent_dim: int, spec: ImageSpec) -> None:
        super().__init__()
        self._spec = spec
        self.label = LabelVector(spec)
        self.heads = nn.Linear(self.label.width, 2 * latent_dim)
        nn.init.zeros_(self.heads.weight)
        nn.init.zeros_(self.heads.bias)

    @override
    def forward(self, model: Model, y: Tensor | None = None) -> Distribution:
        if y is not None:
            return self._given(y)
        each = self._given(self._labels())
        return mixture(self.heads.bias.new_zeros(each.batch_shape), each)

    def _given(self, y: Tensor) -> Independent:
        """Return the Gaussians of labels, with batch shape (B,)."""
        # Distributions are in fp32, also under autocast.
        with torch.autocast(y.device.type, enabled=False):
            mean, log_sigma = self.heads(self.label(y)).chunk(2, dim=-1)
            each = Normal(mean, log_sigma.exp(), validate_args=False)
        return Independent(each, 1, validate_args=False)

    def _labels(self) -> Tensor:
        """Return each class, or combination of conditions, once."""
        labels = torch.from_numpy(self._spec.distinct_labels())
        return labels.to(self.heads.bias.device)
