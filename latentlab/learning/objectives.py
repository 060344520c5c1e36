"""Training objectives: loss terms in nats per image, and how they are combined."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, override

import torch
from pydantic import Field
from torch import Tensor
from torch.distributions import Distribution, Normal

from latentlab.config import FIRST, Choice, Config, Registry
from latentlab.learning.auxiliary_terms import TERMS, NoTerm, Term
from latentlab.learning.fast.distributed import batch_mean
from latentlab.learning.schedules import SCHEDULES, Constant, Schedule
from latentlab.models.kl import kl, kl_per_dimension

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latentlab.models.base import Model


class Batch(NamedTuple):
    """A batch and the outputs of the model for it.

    Shapes: `x` (B, C, H, W) in [0, 1]; `y` (B,) or None; `known`, the observation mask,
    (B, 1, H, W) or None if all pixels are observed; `z` (B, D), a sample of `q`.
    """

    x: Tensor
    y: Tensor | None
    known: Tensor | None
    z: Tensor
    q: Distribution
    p: Distribution
    prior: Distribution


class Objective(Config, ABC):
    """Base class of objectives: loss terms and their combination."""

    kind: str
    extra: Annotated[Term, Choice(TERMS)] = Field(
        NoTerm(), title="Extra term", description="A further term of the loss."
    )

    @abstractmethod
    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """Return each term in nats per image, with shape (B,)."""

    @abstractmethod
    def numbers(self, epochs: float) -> dict[str, float]:
        """Return the scheduled values, such as beta, after `epochs` epochs."""

    @abstractmethod
    def total(self, terms: Mapping[str, Tensor], numbers: Mapping[str, float | Tensor]) -> Tensor:
        """Return the loss in nats per image, with shape (B,), from its terms."""


OBJECTIVES = Registry[Objective]("objective", default="elbo")


class RateDistortion(Objective):
    """Reconstruction (distortion) and KL (rate), base class of the objectives here."""

    @override
    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """Return the terms; hidden pixels do not count in the reconstruction.

        References
        ----------
        Auto-Encoding Variational Bayes, Kingma & Welling, 2013, eq. 3.
        """
        terms = {
            "reconstruction": reconstruction(batch),
            "kl": kl(batch.q, batch.prior, batch.z),
        }
        extra = self.extra.value(batch)
        return terms if extra is None else {**terms, self.extra.kind: extra}

    def distortion(self, terms: Mapping[str, Tensor]) -> Tensor:
        """Return the loss without the KL, with shape (B,)."""
        if self.extra.kind not in terms:
            return terms["reconstruction"]
        return terms["reconstruction"] + self.extra.weight * terms[self.extra.kind]


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
        rate = terms["kl"] + terms["free_bits"] if self.free_bits else terms["kl"]
        return self.distortion(terms) + numbers["beta"] * rate


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
    def numbers(self, epochs: float) -> dict[str, float]:
        return {"beta": self.beta, "capacity": self.capacity * self.schedule.factor(epochs)}

    @override
    def total(self, terms: Mapping[str, Tensor], numbers: Mapping[str, float | Tensor]) -> Tensor:
        """Return the loss; |KL - capacity| is of the mean KL of the batch."""
        gap = (batch_mean(terms["kl"]) - numbers["capacity"]).abs()
        return self.distortion(terms) + numbers["beta"] * gap


def reconstruction(batch: Batch) -> Tensor:
    """Return -log p(x|z) over the observed pixels, nats per image, with shape (B,)."""
    if batch.known is None:
        return -batch.p.log_prob(batch.x)
    pixels = getattr(batch.p, "base_dist", batch.p)
    return -(pixels.log_prob(batch.x) * batch.known).flatten(1).sum(1)


def compute_losses(
    model: Model,
    objective: Objective,
    batch: tuple[Tensor, Tensor | None, Tensor | None],
    numbers: Mapping[str, float | Tensor],
    noise: Noise,
) -> tuple[dict[str, Tensor], Batch]:
    """Return ``loss`` and each term per image, for training and for validation.

    Parameters
    ----------
    model, objective : Model, Objective
        Model and objective to evaluate.
    batch : tuple
        Pixels in [0, 1], with shape (B, C, H, W); labels, with shape (B,), or None;
        observation mask, with shape (B, 1, H, W), or None if all pixels are observed.
    numbers : dict
        See `Objective.numbers`; tensors if a captured step must see them change.
    noise : Noise
        Noise source of the latent samples.

    Returns
    -------
    dict of str to Tensor
        Nats per image, each with shape (B,), ``loss`` first.
    Batch
        The batch and the outputs of the model.
    """
    x, y, known = batch
    # The encoder must not see hidden pixels.
    q = model.encode(x if known is None else x * known, y)
    z = draw(q, noise)
    outputs = Batch(x, y, known, z, q, model.decode(z, y), model.prior(y))
    terms = objective.terms(outputs)
    return {"loss": objective.total(terms, numbers), **terms}, outputs


class Noise:
    """Standard normal noise from the generator of a run.

    ``rsample`` of torch draws from the global generator, which the explorer of the window also
    uses, so a run would not be reproducible.

    Parameters
    ----------
    generator : torch.Generator
        Random generator of the run.
    """

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator
        self.whole = 0
        self.first = 0

    def share(self, first: int, whole: int) -> None:
        """Return only rows from `first` on of `whole`: each process draws for the full batch."""
        self.first, self.whole = first, whole

    def like(self, tensor: Tensor) -> Tensor:
        """Return noise with the shape of `tensor`."""
        if not self.whole:
            return torch.empty_like(tensor).normal_(generator=self.generator)
        noise = tensor.new_empty(self.whole, *tensor.shape[1:]).normal_(generator=self.generator)
        return noise[self.first : self.first + len(tensor)]


def draw(q: Distribution, noise: Noise) -> Tensor:
    """Return a reparameterised sample of `q`, with shape (B, D)."""
    base = getattr(q, "base_dist", q)
    if not isinstance(base, Normal):
        return q.rsample()
    return torch.addcmul(base.loc, base.scale, noise.like(base.loc))
