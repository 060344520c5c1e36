"""What training makes small: named terms in nats per image, weighted in one place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor
from torch.distributions import Distribution, Normal

from latentlab.kinds import Choice, Config, Registry
from latentlab.learning.divergence import kl
from latentlab.learning.schedules import SCHEDULES, Constant, Schedule

if TYPE_CHECKING:
    from latentlab.models.base import Model


class Batch(NamedTuple):
    """One batch and what the model makes of it.

    Shapes: `x` (B, C, H, W) in [0, 1]; `y` (B,) or None; `z` (B, D), drawn from `q`.
    """

    x: Tensor
    y: Tensor | None
    z: Tensor
    q: Distribution
    p: Distribution
    prior: Distribution


class Objective(Config, ABC):
    """Terms and their weights."""

    kind: str

    @abstractmethod
    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """Return each term in nats per image, with shape (B,)."""

    @abstractmethod
    def weights(self, epochs: float) -> dict[str, float]:
        """Return the weight of each term after `epochs` epochs."""


OBJECTIVES = Registry[Objective]("objective", default="elbo")


@OBJECTIVES.register
class ELBO(Objective):
    """Reconstruction + beta · KL, the negative evidence lower bound where beta is 1."""

    kind: Literal["elbo"] = "elbo"
    beta: float = Field(
        1.0,
        ge=0,
        le=1000,
        description="Weight of KL. 1 is the VAE; more makes the latents smoother and more "
        "separate, and the images blurrier; 0 is a plain autoencoder.",
    )
    schedule: Annotated[Schedule, Choice(SCHEDULES)] = Field(
        Constant(), description="How beta grows at the beginning."
    )

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """See `Objective.terms`.

        References
        ----------
        Auto-Encoding Variational Bayes, Kingma & Welling, 2013, eq. 3.
        """
        return {
            "reconstruction": -batch.p.log_prob(batch.x),
            "kl": kl(batch.q, batch.prior, batch.z),
        }

    def weights(self, epochs: float) -> dict[str, float]:
        """See `Objective.weights`.

        References
        ----------
        beta-VAE, Higgins et al., 2017, eq. 4.
        """
        return {"reconstruction": 1.0, "kl": self.beta * self.schedule.factor(epochs)}


def losses(
    model: Model,
    objective: Objective,
    x: Tensor,
    y: Tensor | None,
    epochs: float,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """Return ``loss`` and each term per image; the same for training and validation.

    Parameters
    ----------
    model, objective : Model, Objective
        What is judged, and by what.
    x : Tensor
        Pixels in [0, 1], with shape (B, C, H, W).
    y : Tensor or None
        Labels, with shape (B,).
    epochs : float
        How long training has gone on, for the schedules.
    generator : torch.Generator
        Where the noise of the latent samples comes from.

    Returns
    -------
    dict of str to Tensor
        Nats per image, each with shape (B,), ``loss`` first.
    """
    q = model.encode(x, y)
    z = draw(q, generator)
    terms = objective.terms(Batch(x, y, z, q, model.decode(z, y), model.prior(y)))
    weights = objective.weights(epochs)
    total = sum(weights[name] * value for name, value in terms.items())
    return {"loss": torch.as_tensor(total), **terms}


def draw(q: Distribution, generator: torch.Generator) -> Tensor:
    """Draw from `q` so that gradients pass, with noise from `generator`.

    torch's own ``rsample`` takes its noise from the one global generator, which the window's
    explorer would then share with a run that is to be repeatable.
    """
    base = getattr(q, "base_dist", q)
    if not isinstance(base, Normal):
        return q.rsample()
    noise = torch.empty_like(base.loc).normal_(generator=generator)
    return torch.addcmul(base.loc, base.scale, noise)
