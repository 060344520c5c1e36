"""The importance-weighted bound of the log-likelihood, from several samples per image."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal, override

import torch
from pydantic import Field
from torch import Tensor

from latentlab.config import FIRST, Options
from latentlab.errors import RecipeError
from latentlab.learning.batch import reconstruction
from latentlab.learning.noise import draw_more
from latentlab.learning.objectives.objective import OBJECTIVES, Objective, extra_terms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latentlab.learning.batch import Batch
    from latentlab.models.base import Model

PLAIN: Literal["plain"] = "plain"
DOUBLY: Literal["doubly-reparameterized"] = "doubly-reparameterized"
GRADIENTS = {PLAIN: "Plain", DOUBLY: "Doubly reparameterized"}


@OBJECTIVES.register
class IWAE(Objective, title="Importance-weighted bound"):
    """A tighter bound of log p(x) than the ELBO, from the weights of several samples per image.

    References
    ----------
    Importance Weighted Autoencoders, Burda et al., 2016, eq. 8.
    """

    kind: Literal["iwae"] = "iwae"
    samples: int = Field(
        5,
        ge=1,
        le=500,
        title="Samples per image",
        json_schema_extra=FIRST,
        description="Number of codes per image, each of which is decoded; 1 is the ELBO.",
    )
    gradient: Annotated[Literal["plain", "doubly-reparameterized"], Options(GRADIENTS)] = Field(
        PLAIN,
        title="Encoder gradient",
        description="Doubly reparameterized: the same gradient on average, with less noise if "
        "there are many samples. It needs a Gaussian posterior.",
    )

    @override
    def check(self, model: Model) -> None:
        super().check(model)
        if not model.has_posterior:
            raise RecipeError(
                {"objective.kind": "a deterministic posterior has no density to weight samples by"}
            )
        if self.gradient == DOUBLY and not model.has_gaussian_posterior:
            raise RecipeError(
                {
                    "objective.gradient": "the doubly reparameterized gradient needs the density "
                    "of samples apart from how they were drawn, which only a Gaussian posterior "
                    "gives: choose plain, or the Gaussian posterior"
                }
            )

    @override
    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """Return the mean terms of the samples, and ``bound``, the negative log of the mean weight.

        Without gradient, as in validation, the value is the same.
        """
        doubly = self.gradient == DOUBLY and torch.is_grad_enabled()
        z, log_q = _samples(batch, self.samples, detached=doubly)
        distortion = _distortions(batch, z, decoded=0 if doubly else 1)
        rate = log_q - batch.prior.log_prob(z)
        log_weights = -distortion - rate
        bound = math.log(self.samples) - log_weights.logsumexp(0)
        if doubly:
            bound = _doubly_reparameterized(bound, log_weights, z)
        terms = {"reconstruction": distortion.mean(0), "kl": rate.mean(0), "bound": bound}
        return {**terms, **extra_terms(self.extra, batch)}

    @override
    def numbers(self, epochs: float) -> dict[str, float]:
        return {}

    @override
    def total(self, terms: Mapping[str, Tensor], numbers: Mapping[str, float | Tensor]) -> Tensor:
        return self.with_extra(terms["bound"], terms)


def _samples(batch: Batch, count: int, *, detached: bool) -> tuple[Tensor, Tensor]:
    """Return samples of q, (count, B, D), and log q(z|x) of each, (count, B).

    The first is that of the batch. If `detached`, no gradient flows to mu and sigma through the
    density, only through the samples.
    """
    z, q = batch.z[None], batch.q
    log_q = None if detached else q.log_prob(batch.z)[None]
    if count > 1:
        more = draw_more(q, batch.noise, count - 1)
        z = torch.cat([z, more])
        log_q = None if log_q is None else torch.cat([log_q, q.log_prob(more)])
    if log_q is None:
        base = q.base_dist  # type: ignore[attr-defined]
        fixed = torch.distributions.Normal(
            base.loc.detach(), base.scale.detach(), validate_args=False
        )
        log_q = fixed.log_prob(z).sum(-1)
    return z, log_q


def _distortions(batch: Batch, z: Tensor, decoded: int) -> Tensor:
    """Return -log p(x|z) of samples, with shape (count, B), from (count, B, D).

    `decoded` is 1 if the decoded first sample of the batch is used. The doubly reparameterized
    gradient changes what flows through z, and other terms must not see that.
    """
    found = [reconstruction(batch)[None]] if decoded else []
    # With gradients all images stay in memory anyway; without them it holds those of one sample.
    pieces = z[decoded:].split(len(z) if torch.is_grad_enabled() else 1)
    return torch.cat([*found, *(_decoded(batch, piece) for piece in pieces if len(piece))])


def _decoded(batch: Batch, z: Tensor) -> Tensor:
    """Return -log p(x|z) of samples, with shape (count, B), from (count, B, D)."""
    count, images = z.shape[:2]

    def repeated(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor.repeat(count, *[1] * (tensor.dim() - 1))

    y = repeated(batch.y)
    p = batch.model.decode(z.flatten(0, 1), y)
    x, known = batch.x.repeat(count, 1, 1, 1), repeated(batch.known)
    return reconstruction(batch._replace(x=x, y=y, known=known, p=p)).view(count, images)


def _doubly_reparameterized(bound: Tensor, log_weights: Tensor, z: Tensor) -> Tensor:
    """Return `bound` with another gradient, which has the same expectation.

    The weights w~ of the samples, normalised, multiply the gradients of log w; on the path through
    the samples, which leads to the encoder, they do so twice. `log_weights` must not depend on mu
    and sigma in another way.

    References
    ----------
    Doubly Reparameterized Gradient Estimators for Monte Carlo Objectives, Tucker et al., 2018,
    eq. 8.
    """
    share = log_weights.detach().softmax(0)
    z.register_hook(lambda grad: grad * share[..., None])
    surrogate = -(share * log_weights).sum(0)
    return bound.detach() + surrogate - surrogate.detach()
