"""Base classes and registry of the training objectives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, override

from pydantic import Field

from latentlab.config import Choice, Config, Registry
from latentlab.learning.batch import reconstruction
from latentlab.learning.terms.term import TERMS, NoTerm, Term
from latentlab.models.kl import kl

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


OBJECTIVES = Registry[Objective](
    "objective", default="elbo", package="latentlab.learning.objectives"
)


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
        if batch.model.has_posterior:
            terms["kl"] = kl(batch.q, batch.prior, batch.z)
        extra = self.extra.value(batch)
        return terms if extra is None else {**terms, self.extra.kind: extra}

    def distortion(self, terms: Mapping[str, Tensor]) -> Tensor:
        """Return the loss without the KL, with shape (B,)."""
        if self.extra.kind not in terms:
            return terms["reconstruction"]
        return terms["reconstruction"] + self.extra.weight * terms[self.extra.kind]
