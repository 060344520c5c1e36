"""The squared norm of the weights of the decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, override

from pydantic import Field

from latentlab.errors import RecipeError
from latentlab.learning.terms.term import TERMS, Term

if TYPE_CHECKING:
    from torch import Tensor

    from latentlab.learning.batch import Batch
    from latentlab.models.base import Model


@TERMS.register
class DecoderNorm(Term, title="Decoder weight norm"):
    """Sum of the squared weights of the decoder: a smooth decoder without noise (RAE-L2).

    References
    ----------
    From Variational to Deterministic Autoencoders, Ghosh et al., 2020, section 3.2.
    """

    kind: Literal["decoder-norm"] = "decoder-norm"
    weight: float = Field(
        1e-3,
        ge=0,
        le=10_000,
        title="Extra weight",
        description="Weight of the squared norm in the loss.",
    )

    @override
    def check(self, model: Model) -> None:
        if not hasattr(model, "decoder"):
            raise RecipeError({"objective.extra": "this model has no decoder of its own weights"})

    @override
    def value(self, batch: Batch) -> Tensor:
        """Return Σ w² over the weights of the decoder, without biases, for each image."""
        decoder = batch.model.get_submodule("decoder")
        weights = [w for w in decoder.parameters() if w.dim() > 1]
        total = sum((w.square().sum() for w in weights), start=batch.z.new_zeros(()))
        return total.expand(len(batch.x))
