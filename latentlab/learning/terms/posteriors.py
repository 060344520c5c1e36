"""What terms on codes need from posteriors and priors, with the advice where it is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.distributions import Distribution, Independent, Normal

from latentlab.errors import RecipeError
from latentlab.learning.noise import draw_prior

if TYPE_CHECKING:
    from torch import Tensor

    from latentlab.learning.batch import Batch
    from latentlab.models.base import Model


def check_gaussian(model: Model, kind: str) -> None:
    """Raise a `RecipeError` if the posteriors of a model are not what a kind of term needs."""
    if not model.has_gaussian_posterior:
        raise RecipeError(
            {
                "objective.extra": f"{kind} needs Gaussian posteriors with independent "
                "dimensions: choose another term, or such a posterior"
            }
        )


def gaussian(q: Distribution) -> Normal:
    """Return the Gaussians of the latent dimensions of a posterior, with batch shape (B, D)."""
    assert isinstance(q, Independent)
    assert isinstance(q.base_dist, Normal)
    return q.base_dist


def prior_samples(batch: Batch) -> Tensor:
    """Return a sample of the prior for each image, from the noise of the run, with shape (B, D)."""
    return draw_prior(batch.prior, batch.noise, batch.z)
