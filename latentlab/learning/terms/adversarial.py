"""Codes that a discriminator cannot tell from samples of the prior: AAE and WAE-GAN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, override

from pydantic import Field
from torch.nn import functional as F

from latentlab.learning.terms.discriminator import DiscriminatorTerm, code_logits
from latentlab.learning.terms.posteriors import prior_samples
from latentlab.learning.terms.term import TERMS

if TYPE_CHECKING:
    from torch import Tensor

    from latentlab.learning.batch import Batch


@TERMS.register
class Adversarial(DiscriminatorTerm, title="Adversarial (AAE, WAE-GAN)"):
    """All codes together follow the prior: a discriminator must not tell the two apart.

    With a beta of 0 it replaces the KL.

    References
    ----------
    Adversarial Autoencoders, Makhzani et al., 2015, section 2, and Wasserstein Auto-Encoders,
    Tolstikhin et al., 2018, algorithm 1.
    """

    kind: Literal["adversarial"] = "adversarial"
    weight: float = Field(
        10.0,
        ge=0,
        le=10_000,
        title="Extra weight",
        description="Weight of the encoder's loss against the discriminator. Set beta to 0, so "
        "that this term alone matches codes and prior.",
    )

    @override
    def value(self, batch: Batch) -> Tensor:
        """Return -log D(z), where D is the estimated probability of a sample of the prior."""
        return F.softplus(-code_logits(batch))

    @override
    def classes(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return samples of the prior, and codes."""
        return prior_samples(batch).detach(), batch.z.detach()
