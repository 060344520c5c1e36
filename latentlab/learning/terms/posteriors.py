"""What terms on codes need from posteriors and priors, with the advice where it is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.distributions import Distribution, Independent, Normal

from latentlab.errors import RecipeError
from latentlab.learning.noise import draw_prior

if TYPE_CHECKING:
    from torch import Tensor

    from latentlab.learning.batch import Batch


def gaussian(q: Distribution, kind: str) -> Normal:
    """Return the Gaussians of the latent dimensions of a posterior, with batch shape (B, D).

    Raises
    ------
    RecipeError
        If the posterior is not a Gaussian with independent dimensions.
    """
    if isinstance(q, Independent) and isinstance(q.base_dist, Normal):
        return q.base_dist
    raise RecipeError(
        {
            "objective.extra.kind": f"{kind} needs posteriors that are Gaussians with independent "
            "dimensions: choose another term, or a model with these"
        }
    )


def prior_samples(batch: Batch) -> Tensor:
    """Return a sample of the prior for each image, from the noise of the run, with shape (B, D)."""
    return draw_prior(batch.prior, batch.noise, batch.z)
