"""Statistics of the latent dimensions: the KL of each, and the two parts of the mean KL."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from latentlab.learning.events import LatentStatistics

if TYPE_CHECKING:
    from torch import Generator, Tensor

AGGREGATE_IMAGES = 10_000
"""Held-out images whose posteriors form the aggregate posterior."""
AGGREGATE_SAMPLES = 1000
"""Samples of the aggregate posterior over which its log density is averaged."""
MAX_DENSITIES_AT_ONCE = 200_000
"""Densities in memory at once; they fit into the processor's cache."""
MIN_RELATIVE_SIGMA = 1e-6
"""Smallest sigma, relative to the largest |mu|, whose densities float64 can resolve."""


@torch.no_grad()
def latent_statistics(mu: Tensor, sigma: Tensor, generator: Generator) -> LatentStatistics:
    """Return the statistics of Gaussian posteriors against the standard normal prior.

    The aggregate posterior q(z) is the mixture of all N posteriors, never of a batch: a smaller
    mixture underestimates the mutual information, because the estimate cannot exceed the log of
    its size.

    Parameters
    ----------
    mu, sigma : Tensor
        Mean and standard deviation per image and dimension, with shape (N, D).
    generator : Generator
        Noise source. Everything is computed on its device in float64: for MPS, which has no
        float64, pass a CPU generator.

    Returns
    -------
    LatentStatistics
        Nats per image. ``kl.sum() == mutual_information + marginal_kl``; each part has a Monte
        Carlo error of a few hundredths and is not clamped, so it may be slightly below 0.

    References
    ----------
    ELBO surgery, Hoffman & Johnson, 2016, eq. 6 (the two parts of the mean KL).
    """
    mu, sigma = (each.detach().to(generator.device, torch.float64) for each in (mu, sigma))
    kl = _mean_kl(mu, sigma)
    # A smaller sigma adds to the KL, but not to the log N nats that N images can distinguish.
    broad = sigma.clamp_min(MIN_RELATIVE_SIGMA * float(mu.abs().max()))
    broad_kl = _mean_kl(mu, broad).sum()
    marginal = _marginal_kl(mu, broad, broad_kl, generator) + kl.sum() - broad_kl
    return LatentStatistics(
        kl.cpu().numpy(),
        float(kl.sum() - marginal),
        float(marginal),
        len(mu),
    )


def _mean_kl(mu: Tensor, sigma: Tensor) -> Tensor:
    """Return the mean KL of each dimension over the images in nats, with shape (D,)."""
    return (0.5 * (mu**2 + sigma**2 - 1) - sigma.log()).mean(0)


def _marginal_kl(mu: Tensor, sigma: Tensor, mean_kl: Tensor, generator: Generator) -> Tensor:
    """Estimate KL(q(z) || p(z)) in nats from samples of q(z), centred evenly over the images.

    Both the mean of log q(z) - log p(z), and the mean KL minus the mean of
    log q(z|x) - log q(z), are unbiased. The first is better if posteriors overlap, the second if
    they are separate. log q(z|x) - log p(z), whose exact mean is the mean KL, is the control
    variate that gives the best mixture of both.
    """
    rows = torch.arange(AGGREGATE_SAMPLES, device=mu.device) * len(mu) // AGGREGATE_SAMPLES
    noise = torch.empty(AGGREGATE_SAMPLES, mu.shape[1], dtype=mu.dtype, device=mu.device)
    noise.normal_(generator=generator)
    z = torch.addcmul(mu[rows], sigma[rows], noise)
    # All densities leave out the constant -D/2 log 2π, which cancels.
    log_posterior = -0.5 * (noise**2).sum(1) - sigma[rows].log().sum(1)
    log_prior = -0.5 * (z**2).sum(1)
    control = log_posterior - log_prior
    target = _log_aggregate(z, mu, sigma) - log_prior
    centred = control - control.mean()
    coefficient = (centred * target).sum() / (centred**2).sum().clamp_min(1e-12)
    return target.mean() - coefficient * (control.mean() - mean_kl)


def _log_aggregate(z: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    """Return log 1/N Σ_n q(z|x_n) without -D/2 log 2π, for points of shape (M, D), shape (M,).

    The square (z - mu)² / sigma² is expanded, so one matrix product gives all pairs. Large terms
    cancel where sigma is small, hence float64.
    """
    precision = sigma**-2
    constant = -0.5 * (mu**2 * precision).sum(1) - sigma.log().sum(1)
    posteriors = torch.cat([-0.5 * precision, mu * precision, constant[:, None]], 1).T
    points = torch.cat([z**2, z, torch.ones_like(z[:, :1])], 1)
    chunks = points.split(max(1, MAX_DENSITIES_AT_ONCE // len(mu)))
    return torch.cat([(chunk @ posteriors).logsumexp(1) for chunk in chunks]) - math.log(len(mu))
