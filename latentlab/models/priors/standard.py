"""The standard normal prior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, override

from latentlab.models.priors.prior import PRIORS, Prior

if TYPE_CHECKING:
    from latentlab.data.image_set import ImageSpec


@PRIORS.register
class StandardPrior(Prior, title="Standard normal"):
    """N(0, I): nothing is learned, and the KL has a closed form."""

    kind: Literal["standard"] = "standard"

    @override
    def build(self, latent_dim: int, spec: ImageSpec) -> None:
        return None
