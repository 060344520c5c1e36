"""The objective of a regularized autoencoder, whose codes have no distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, override

from pydantic import Field

from latentlab.config import FIRST
from latentlab.errors import RecipeError
from latentlab.learning.objectives.objective import OBJECTIVES, RateDistortion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latentlab.learning.batch import Batch
    from latentlab.models.base import Model


@OBJECTIVES.register
class RegularizedAutoencoder(RateDistortion, title="Regularized autoencoder"):
    """Reconstruction + beta · ½ ‖z‖², with a term that keeps the decoder smooth.

    References
    ----------
    From Variational to Deterministic Autoencoders, Ghosh et al., 2020, eq. 8 and 9.
    """

    kind: Literal["rae"] = "rae"
    beta: float = Field(
        0.1,
        ge=0,
        le=1000,
        title="Code weight",
        description="Weight of ½ ‖z‖², which keeps the codes near the origin.",
        json_schema_extra=FIRST,
    )

    @override
    def check(self, model: Model) -> None:
        super().check(model)
        if model.has_posterior:
            raise RecipeError(
                {
                    "objective.kind": "a regularized autoencoder has codes without a distribution: "
                    "choose the deterministic posterior (model.posterior), or another objective"
                }
            )

    @override
    def terms(self, batch: Batch) -> dict[str, Tensor]:
        return {**super().terms(batch), "code_norm": 0.5 * batch.z.square().sum(1)}

    @override
    def numbers(self, epochs: float) -> dict[str, float]:
        return {"beta": self.beta}

    @override
    def total(self, terms: Mapping[str, Tensor], numbers: Mapping[str, float | Tensor]) -> Tensor:
        return self.distortion(terms) + numbers["beta"] * terms["code_norm"]
