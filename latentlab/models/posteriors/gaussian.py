"""The diagonal Gaussian posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

from torch.distributions import Distribution, Independent, Normal

from latentlab.models.posteriors.posterior import POSTERIORS, Posterior, Reader

if TYPE_CHECKING:
    from torch import Tensor


@POSTERIORS.register
class GaussianPosterior(Posterior, title="Gaussian"):
    """A mean and a standard deviation of each latent dimension.

    References
    ----------
    Auto-Encoding Variational Bayes, Kingma & Welling, 2013, eq. 9.
    """

    kind: Literal["gaussian"] = "gaussian"
    outputs: ClassVar[int] = 2
    is_gaussian: ClassVar[bool] = True

    @override
    def build(self, latent_dim: int) -> Reader:
        return diagonal_gaussian


def diagonal_gaussian(h: Tensor) -> Distribution:
    """Return N(mu, sigma²) for means and log variances, (B, 2 · D)."""
    mu, log_var = h.chunk(2, dim=-1)
    return gaussian(mu, log_var)


def gaussian(mu: Tensor, log_var: Tensor) -> Independent:
    """Return N(mu, exp(log_var)) with independent dimensions, for tensors of shape (..., D)."""
    sigma = (0.5 * log_var).exp()
    return Independent(Normal(mu, sigma, validate_args=False), 1, validate_args=False)
