"""The squared norm of the derivative of the decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, override

import torch
from pydantic import Field

from latentlab.errors import RecipeError
from latentlab.learning.terms.term import TERMS, Term

if TYPE_CHECKING:
    from torch import Tensor

    from latentlab.learning.batch import Batch
    from latentlab.models.base import Model


@TERMS.register
class GradientPenalty(Term, title="Decoder gradient"):
    """How much the decoded image changes with z: a smooth decoder without noise (RAE-GP).

    References
    ----------
    From Variational to Deterministic Autoencoders, Ghosh et al., 2020, section 3.2.
    """

    kind: Literal["gradient-penalty"] = "gradient-penalty"
    weight: float = Field(
        0.1,
        ge=0,
        le=10_000,
        title="Extra weight",
        description="Weight of the squared derivative in the loss.",
    )

    @override
    def check(self, model: Model) -> None:
        if not model.has_gradient:
            raise RecipeError({"objective.extra": "the decoder of this model has no gradient"})

    @override
    def value(self, batch: Batch) -> Tensor:
        """Return an estimate of ‖dx/dz‖², the squared Frobenius norm of the decoder's Jacobian.

        It is ‖vᵀ dx/dz‖² for one random v of independent standard normal pixels, whose expectation
        is the squared norm (Hutchinson, 1990); x is the mean of p(x|z).
        """
        differentiates = torch.is_grad_enabled()
        z, mean = batch.z, batch.p.mean
        if not z.requires_grad:
            # Validation computes no gradients, except here.
            with torch.enable_grad():
                z = z.detach().requires_grad_()
                mean = batch.model.decode(z, batch.y).mean
        v = batch.noise.like(mean)
        (slope,) = torch.autograd.grad(mean, z, v, create_graph=differentiates)
        return slope.square().sum(1)
