"""The VampPrior: the mean of the posteriors of learned pseudo-inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, override

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from latentlab.models.priors.mixture import mixture
from latentlab.models.priors.prior import PRIORS, Prior, PriorNetwork

if TYPE_CHECKING:
    from torch.distributions import Distribution

    from latentlab.data.image_set import ImageSpec
    from latentlab.models.base import Model

FIRST_SIDE = 4
"""Side in pixels of the noise that pseudo-inputs start as, before it is enlarged."""

DARKNESS = 4
"""Power of the uniform noise: the mean of its pixels is 1 / (1 + 4)."""


@PRIORS.register
class VampPrior(Prior, title="VampPrior"):
    """The mean of the posteriors of learned images, which the Samples panel shows.

    References
    ----------
    VAE with a VampPrior, Tomczak & Welling, 2018, eq. 9.
    """

    kind: Literal["vamp"] = "vamp"
    pseudo_inputs: int = Field(
        100,
        ge=1,
        le=2000,
        title="Pseudo-inputs",
        description="Number of learned images; each adds one encoded image to every step.",
    )

    @override
    def build(self, latent_dim: int, spec: ImageSpec) -> Vamp:
        return Vamp(self.pseudo_inputs, spec)


class Vamp(PriorNetwork):
    """p(z) = 1/K Σ_k q(z|u_k), whose pseudo-inputs u_k are images that are learned.

    They start as smooth random images, so that their codes differ from the first step on. Those
    of a conditional model have the classes, or combinations of conditions, in turn, so that p(z)
    is the same for every label.

    Parameters
    ----------
    count : int
        K.
    spec : ImageSpec
        Shape and classes of the images.
    """

    conditions: Tensor | None

    def __init__(self, count: int, spec: ImageSpec) -> None:
        super().__init__()
        channels, height, width = spec.shape
        noise = torch.rand(count, channels, FIRST_SIDE, FIRST_SIDE) ** DARKNESS
        start = F.interpolate(noise, (height, width), mode="bilinear", align_corners=True)
        self.pixels = nn.Parameter(start)
        self._classes = max(1, spec.classes)
        conditions = torch.from_numpy(spec.labels_in_turn(count)) if spec.conditions else None
        # Classes are counted instead: a model without buffers can be traced.
        self.register_buffer("conditions", conditions, persistent=False)

    @override
    def forward(self, model: Model, y: Tensor | None = None) -> Distribution:
        u, labels = self.pseudo_inputs(model)
        return mixture(u.new_zeros(len(u)), model.encode(u, labels))

    @override
    def pseudo_inputs(self, model: Model) -> tuple[Tensor, Tensor | None]:
        u = self.pixels.clamp(0, 1)
        if not model.conditional:
            return u, None
        if self.conditions is not None:
            return u, self.conditions
        return u, torch.arange(len(u), device=u.device) % self._classes
