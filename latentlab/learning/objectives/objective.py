"""Base classes and registry of the training objectives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, override

from pydantic import Field

from latentlab.config import Choice, Config, Registry
from latentlab.learning.batch import reconstruction
from latentlab.learning.terms.term import DISCRIMINATOR, TERMS, NoTerm, Term
from latentlab.models.kl import kl
from latentlab.models.posteriors.deterministic import Delta

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latentlab.learning.batch import Batch
    from latentlab.models.base import Model


class Objective(Config, ABC):
    """Base class of objectives: loss terms and their combination."""

    kind: str
    extra: Annotated[Term, Choice(TERMS)] = Field(
        NoTerm(), title="Extra term", description="A further term of the loss."
    )

    def check(self, model: Model) -> None:
        """Raise a `RecipeError` with the reason if a model cannot be trained with it."""
        self.extra.check(model)

    @abstractmethod
    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """Return each term in nats per image, with shape (B,)."""

    @abstractmethod
    def numbers(self, epochs: float) -> dict[str, float]:
        """Return the scheduled values, such as beta, after `epochs` epochs."""

    @abstractmethod
    def total(self, terms: Mapping[str, Tensor], numbers: Mapping[str, float | Tensor]) -> Tensor:
        """Return the loss in nats per image, with shape (B,), from its terms."""

    def with_extra(self, loss: Tensor, terms: Mapping[str, Tensor]) -> Tensor:
        """Return a loss, with shape (B,), plus the weighted extra term if there is one."""
        if self.extra.kind not in terms:
            return loss
        return loss + self.extra.weight * terms[self.extra.kind]


OBJECTIVES = Registry[Objective](
    "objective", default="elbo", package="latentlab.learning.objectives"
)


def extra_terms(term: Term, batch: Batch) -> dict[str, Tensor]:
    """Return the value of a term and the loss of its network, as far as it has them."""
    values = {term.kind: term.value(batch), DISCRIMINATOR: term.network_loss(batch)}
    return {name: value for name, value in values.items() if value is not None}


class RateDistortion(Objective):
    """Reconstruction (distortion) and KL (rate), base class of the objectives here."""

    @override
    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """Return the terms, without a KL for deterministic codes.

        Hidden pixels do not count in the reconstruction.

        References
        ----------
        Auto-Encoding Variational Bayes, Kingma & Welling, 2013, eq. 3.
        """
        terms = {"reconstruction": reconstruction(batch)}
        if not isinstance(batch.q, Delta):
            terms["kl"] = kl(batch.q, batch.prior, batch.z)
        return {**terms, **extra_terms(self.extra, batch)}

    def distortion(self, terms: Mapping[str, Tensor]) -> Tensor:
        """Return the loss without the KL, with shape (B,)."""
        return self.with_extra(terms["reconstruction"], terms)
