"""The covariance of codes, drawn to the identity: DIP-VAE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, override

import torch
from pydantic import Field

from latentlab.config import Options
from latentlab.learning.fast.distributed import batch_mean
from latentlab.learning.terms.posteriors import check_gaussian, gaussian
from latentlab.learning.terms.term import TERMS, Term

if TYPE_CHECKING:
    from torch import Tensor

    from latentlab.learning.batch import Batch
    from latentlab.models.base import Model

VARIANTS = {"means": "Posterior means (DIP-VAE I)", "codes": "Codes (DIP-VAE II)"}


@TERMS.register
class Covariance(Term, title="Covariance (DIP-VAE)"):
    """Squared distance of the covariance of codes from the identity: against entanglement.

    References
    ----------
    Variational Inference of Disentangled Latent Concepts from Unlabeled Observations, Kumar et
    al., 2018, eq. 6 (I) and 7 (II).
    """

    batchwise: ClassVar[bool] = True
    kind: Literal["covariance"] = "covariance"
    weight: float = Field(
        10.0,
        ge=0,
        le=10_000,
        title="Extra weight",
        description="Weight of the squared covariances in the loss, lambda_od of DIP-VAE.",
    )
    of: Annotated[Literal["means", "codes"], Options(VARIANTS)] = Field(
        "means",
        title="Covariance",
        description="Covariance of the posterior means, or of the codes, which also vary within "
        "each posterior.",
    )
    diagonal: float = Field(
        10.0,
        ge=0,
        le=1000,
        title="Variance weight",
        description="Weight of the variances, as a multiple of that of the covariances. DIP-VAE "
        "uses 10 for the means and 1 for the codes.",
    )

    @override
    def check(self, model: Model) -> None:
        check_gaussian(model, self.kind)

    @override
    def value(self, batch: Batch) -> Tensor:
        """Return Σ_(c≠d) C_cd² + diagonal · Σ_d (C_dd - 1)², equal for all images, (B,)."""
        q = gaussian(batch.q)
        means = batch.rows(q.loc)
        centred = means - means.mean(0)
        # Layers may run in bf16; losses are in fp32.
        with torch.autocast(means.device.type, enabled=False):
            covariance = centred.T @ centred / len(means)
        if self.of == "codes":
            covariance = covariance + batch_mean(q.scale.square()).diag()
        variances = covariance.diagonal()
        off_diagonal = covariance.square().sum() - variances.square().sum()
        value = off_diagonal + self.diagonal * (variances - 1).square().sum()
        return value.expand(len(batch.x))
