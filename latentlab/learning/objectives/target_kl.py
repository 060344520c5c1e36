"""Reconstruction, with the KL held at a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, override

from pydantic import Field

from latentlab.config import FIRST, Choice
from latentlab.errors import RecipeError
from latentlab.learning.fast.distributed import batch_mean
from latentlab.learning.objectives.objective import OBJECTIVES, RateDistortion
from latentlab.learning.schedules import SCHEDULES, Constant, Schedule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latentlab.models.base import Model


@OBJECTIVES.register
class Capacity(RateDistortion, title="Target KL"):
    """Reconstruction + beta · |KL - target|: holds the KL at a target that can grow.

    References
    ----------
    Understanding disentangling in beta-VAE, Burgess et al., 2018, eq. 8.
    """

    kind: Literal["capacity"] = "capacity"
    beta: float = Field(
        30.0,
        ge=0,
        le=10_000,
        description="Weight of the distance between the KL and its target.",
        json_schema_extra=FIRST,
    )
    capacity: float = Field(
        25.0,
        ge=0,
        le=10_000,
        title="Target KL",
        json_schema_extra={"unit": "nats"},
        description="Amount of information that a code holds about its image.",
    )
    schedule: Annotated[Schedule, Choice(SCHEDULES)] = Field(
        Constant(),
        title="Target schedule",
        description="How the target grows during the first epochs.",
        json_schema_extra={"prefix": "Target", "factor_of": "target"},
    )

    @override
    def check(self, model: Model) -> None:
        super().check(model)
        if not model.has_posterior:
            raise RecipeError(
                {"objective.kind": "a deterministic posterior has no KL to hold at a target"}
            )

    @override
    def numbers(self, epochs: float) -> dict[str, float]:
        return {"beta": self.beta, "capacity": self.capacity * self.schedule.factor(epochs)}

    @override
    def total(self, terms: Mapping[str, Tensor], numbers: Mapping[str, float | Tensor]) -> Tensor:
        """Return the loss; |KL - capacity| is of the mean KL of the batch."""
        gap = (batch_mean(terms["kl"]) - numbers["capacity"]).abs()
        return self.distortion(terms) + numbers["beta"] * gap
