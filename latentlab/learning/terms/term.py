"""Base class and registry of the terms beside reconstruction and KL."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal, override

from pydantic import Field

from latentlab.config import Config, Registry

if TYPE_CHECKING:
    from torch import Tensor, nn

    from latentlab.learning.batch import Batch
    from latentlab.models.base import Model

DISCRIMINATOR = "discriminator"
"""Name of the loss of a term's network, which is no part of the model's loss."""


class Term(Config, ABC):
    """Base class of auxiliary loss terms; the kind is the name of the curve.

    A term may own a network, such as a discriminator, which learns with the model: in one backward
    pass and with the same optimizer. `value` must have no gradient for its weights, and
    `network_loss` none for those of the model; see `latentlab.learning.terms.discriminator`.
    """

    batchwise: ClassVar[bool] = False
    """Whether the value depends on the number of images in a batch, so that validation must use
    batches of the same size as training."""

    kind: str
    weight: float = Field(
        1.0,
        ge=0,
        le=10_000,
        title="Extra weight",
        description="Weight of the term in the loss.",
    )

    def check(self, model: Model) -> None:  # most terms fit every model
        """Raise a `RecipeError` with the reason if a model cannot be trained with it."""

    def network(self, latent_dim: int) -> nn.Module | None:
        """Return the network of the term with new random weights, or None without one."""
        return None

    def network_loss(self, batch: Batch) -> Tensor | None:
        """Return what ``batch.network`` minimizes, with shape (B,), or None without one."""
        return None

    @abstractmethod
    def value(self, batch: Batch) -> Tensor | None:
        """Return the unweighted term in nats per image, with shape (B,), or None without a term."""


TERMS = Registry[Term]("term", default="none", package="latentlab.learning.terms")


@TERMS.register
class NoTerm(Term, title="None"):
    """No further term."""

    kind: Literal["none"] = "none"
    weight: ClassVar[float] = 0.0  # type: ignore[misc]  # nothing to choose

    @override
    def value(self, batch: Batch) -> None:
        """Return None."""
