"""Total correlation of the aggregate posterior, by a discriminator: FactorVAE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, override

from pydantic import Field

from latentlab.learning.terms.discriminator import DiscriminatorTerm, code_logits
from latentlab.learning.terms.term import TERMS

if TYPE_CHECKING:
    from torch import Tensor

    from latentlab.learning.batch import Batch


@TERMS.register
class Factor(DiscriminatorTerm, title="Total correlation, discriminator (FactorVAE)"):
    """Dependence between latent dimensions, which a discriminator estimates: against entanglement.

    References
    ----------
    Disentangling by Factorising, Kim & Mnih, 2018, eq. 2 and 3 and algorithm 2. The permuted codes
    are those of the same batch, as in disentanglement_lib (Locatello et al., 2019).
    """

    kind: Literal["factor"] = "factor"
    weight: float = Field(
        10.0,
        ge=0,
        le=10_000,
        title="Extra weight",
        description="Weight of the total correlation in the loss, gamma of FactorVAE.",
    )

    @override
    def value(self, batch: Batch) -> Tensor:
        """Return the estimated log q(z) - Σ_d log q(z_d), whose mean is the total correlation."""
        return code_logits(batch)

    @override
    def classes(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return codes, and codes whose dimensions are each permuted over the full batch."""
        codes = batch.z.detach()
        rows = batch.rows(codes)
        return codes, rows.gather(0, batch.noise.permutations(rows))[batch.own]
