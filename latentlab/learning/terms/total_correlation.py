"""Total correlation of the aggregate posterior, from the batch: beta-TC-VAE."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, override

import torch
from pydantic import Field

from latentlab.config import Options
from latentlab.learning.terms.posteriors import check_gaussian, gaussian
from latentlab.learning.terms.term import TERMS, Term

if TYPE_CHECKING:
    from torch import Tensor

    from latentlab.learning.batch import Batch
    from latentlab.models.base import Model

ESTIMATORS = {"weighted": "Minibatch-weighted", "stratified": "Minibatch-stratified"}


@TERMS.register
class TotalCorrelation(Term, title="Total correlation (beta-TC-VAE)"):
    """Dependence between latent dimensions, estimated from the batch: against entanglement.

    References
    ----------
    Isolating Sources of Disentanglement in Variational Autoencoders, Chen et al., 2018, eq. 4, with
    the estimators of section 4.1 (minibatch-weighted) and of appendix C.2 (stratified).
    """

    batchwise: ClassVar[bool] = True
    kind: Literal["total_correlation"] = "total_correlation"
    weight: float = Field(
        5.0,
        ge=0,
        le=10_000,
        title="Extra weight",
        description="Weight of the total correlation beside that in the KL: beta - 1 of "
        "beta-TC-VAE.",
    )
    estimator: Annotated[Literal["weighted", "stratified"], Options(ESTIMATORS)] = Field(
        "weighted",
        title="Estimator",
        description="How the batch stands for all training images: each image equally, or the "
        "image of a code as one of all of them.",
    )

    @override
    def check(self, model: Model) -> None:
        check_gaussian(model, self.kind)

    @override
    def value(self, batch: Batch) -> Tensor:
        """Return log q(z) - Σ_d log q(z_d), (B,), whose mean is the total correlation.

        The minibatch-weighted estimator has a weight of 1 / (N M), for N training images and
        batches of M, which adds the constant (D - 1) log N. It has no gradient and is left out, so
        that independent dimensions have a total correlation of about 0. Where posteriors of a batch
        do not overlap, log q(z) is estimated as log q(z|x) - log M: of a mean KL above log M, the
        excess counts as total correlation, so that small batches penalize the whole KL.
        """
        q = gaussian(batch.q)
        mu, sigma = batch.rows(q.loc), batch.rows(q.scale)
        log_q = log_densities(batch.z, mu, sigma)
        weights = self._log_weights(batch, len(mu))[:, :, None]
        of_dimensions = torch.logsumexp(log_q + weights, 1).sum(1)
        return torch.logsumexp(log_q.sum(2) + weights[:, :, 0], 1) - of_dimensions

    def _log_weights(self, batch: Batch, size: int) -> Tensor:
        """Return the log weight of q(z_i|x_j), (B, M), or (1, 1) if all are equal."""
        if self.estimator == "weighted":
            return batch.z.new_full((1, 1), -math.log(size))
        # Held-out images may be more than the training images.
        images = max(batch.images, size)
        others = max(size - 1, 1)
        weights = batch.z.new_full((size, size), 1 / others)
        weights.fill_diagonal_(1 / images)
        # One of the others stands for all images that are not in the batch.
        rest = weights.new_full((size,), (images - others) / (images * others))
        rows = torch.arange(size, device=weights.device)
        if size > 1:
            weights = weights.index_put((rows, rows.roll(-1)), rest)
        return weights[batch.own].log()


def log_densities(z: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    """Return log N(z_i; mu_j, sigma_j²) of each dimension, with shape (B, M, D)."""
    error = (z[:, None] - mu) / sigma
    return -0.5 * error.square() - sigma.log() - 0.5 * math.log(2 * math.pi)
