"""The evidence lower bound, with a weight of the KL and free bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, override

from pydantic import Field

from latentlab.config import FIRST, Choice
from latentlab.errors import RecipeError
from latentlab.learning.fast.distributed import batch_mean
from latentlab.learning.objectives.objective import OBJECTIVES, RateDistortion
from latentlab.learning.schedules import SCHEDULES, Constant, Schedule
from latentlab.models.kl import kl_per_dimension

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latentlab.learning.batch import Batch
    from latentlab.models.base import Model


NO_FREE_BITS = (
    "free bits need the KL of each latent dimension, which only a Gaussian posterior has, and only "
    "with the standard normal prior: set them to 0, or choose these"
)
NO_KL = (
    "the KL of deterministic codes has no weight that can change: leave beta at 1 without a "
    "warm-up, or choose the Gaussian posterior"
)
UNTRAINED_PRIOR = (
    "nothing trains the prior of this model if the KL has no weight: choose a beta above 0, or the "
    "standard normal prior"
)


@OBJECTIVES.register
class ELBO(RateDistortion, title="ELBO"):
    """Reconstruction + beta · KL: the negative evidence lower bound if beta is 1."""

    kind: Literal["elbo"] = "elbo"
    beta: float = Field(
        1.0,
        ge=0,
        le=1000,
        description="Weight of the KL. 1 is the VAE. A larger beta makes the latent space smoother "
        "and the images blurrier; 0 is a plain autoencoder.",
        json_schema_extra=FIRST,
    )
    schedule: Annotated[Schedule, Choice(SCHEDULES)] = Field(
        Constant(),
        title="KL warm-up",
        description="KL warm-up (annealing): from 0 × beta to 1 × beta over the first epochs, so "
        "that the decoder learns to use z before the KL weighs in full.",
        json_schema_extra={"prefix": "Warm-up", "factor_of": "beta"},
    )
    free_bits: float = Field(
        0.0,
        ge=0,
        le=100,
        json_schema_extra={"unit": "nats"},
        description="KL below which a latent dimension costs nothing, so that no dimension "
        "becomes inactive. 0 is off.",
    )

    @override
    def check(self, model: Model) -> None:
        super().check(model)
        if self.free_bits and not (model.has_gaussian_posterior and model.has_standard_prior):
            raise RecipeError({"objective.free_bits": NO_FREE_BITS})
        if not self.beta and model.prior_network is not None:
            raise RecipeError({"objective.beta": UNTRAINED_PRIOR})
        if not (model.has_posterior or model.has_gaussian_posterior):
            self._check_without_kl(model)

    def _check_without_kl(self, model: Model) -> None:
        """Refuse a weight that would be ignored; with a beta of 0 there is no KL to weight."""
        if not self.beta and model.has_standard_prior:
            return
        if self.beta != 1:
            raise RecipeError({"objective.beta": NO_KL})
        if not isinstance(self.schedule, Constant):
            raise RecipeError({"objective.schedule": NO_KL})

    @override
    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """Return the terms; ``free_bits`` is Σ_d max(0, free_bits - mean KL_d), added to the KL.

        References
        ----------
        Improving Variational Inference with Inverse Autoregressive Flow, Kingma et al., 2016,
        eq. 15, each dimension a group.
        """
        terms = super().terms(batch)
        if self.free_bits:
            mean = batch_mean(kl_per_dimension(batch.q, batch.prior))
            terms["free_bits"] = (self.free_bits - mean).clamp_min(0).sum().expand(len(batch.x))
        return terms

    @override
    def numbers(self, epochs: float) -> dict[str, float]:
        """Return the scheduled beta.

        References
        ----------
        beta-VAE, Higgins et al., 2017, eq. 4.
        """
        return {"beta": self.beta * self.schedule.factor(epochs)}

    @override
    def total(self, terms: Mapping[str, Tensor], numbers: Mapping[str, float | Tensor]) -> Tensor:
        if "kl" not in terms:
            return self.distortion(terms)
        rate = terms["kl"] + terms["free_bits"] if self.free_bits else terms["kl"]
        return self.distortion(terms) + numbers["beta"] * rate
