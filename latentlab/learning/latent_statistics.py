"""What the latent dimensions carry: KL of each, and the two parts of the mean KL."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from latentlab.learning.events import Latents

if TYPE_CHECKING:
    from torch import Generator, Tensor

MEASURED = 10_000
"""Held-out images whose posteriors make up the aggregate posterior."""
SAMPLES = 1000
"""Points of the aggregate posterior that its density is averaged over."""
ROOM = 200_000
"""Densities that are held at once: few enough for the processor's cache."""
FINEST = 1e-6
"""Deviation, as part of the largest mean, below which float64 cannot tell densities."""


@torch.no_grad()
def measure(mu: Tensor, sigma: Tensor, generator: Generator) -> Latents:
    """Say what Gaussian posteriors carry, against the standard normal prior.

    The aggregate posterior q(z) is the mixture of all N posteriors given, never of a batch of
    them: a smaller mixture finds less mutual information than there is. It can find no more
    than log N.

    Parameters
    ----------
    mu, sigma : Tensor
        Mean and standard deviation per image and dimension, with shape (N, D).
    generator : Generator
        Where the noise comes from. Its device is where all is computed, in float64: on MPS,
        which has none, pass one of the CPU.

    Returns
    -------
    Latents
        Nats per image. ``kl.sum() == mutual_information + marginal_kl``; each part has a Monte
        Carlo error of a few hundredths and is not clamped, so that it may lie just below 0.

    References
    ----------
    ELBO surgery, Hoffman & Johnson, 2016, eq. 6 (the two parts of the mean KL).
    """
    mu, sigma = (each.detach().to(generator.device, torch.float64) for each in (mu, sigma))
    kl = _mean_kl(mu, sigma)
    # Points that shrink on add to the KL, but nothing to the log N nats that N images can show.
    broad = sigma.clamp_min(FINEST * float(mu.abs().max()))
    known = _mean_kl(mu, broad).sum()
    marginal = _marginal_kl(mu, broad, known, generator) + kl.sum() - known
    return Latents(
        kl.cpu().numpy(),
        float(kl.sum() - marginal),
        float(marginal),
        len(mu),
    )


def _mean_kl(mu: Tensor, sigma: Tensor) -> Tensor:
    """Return the mean KL of each dimension over the images, nats."""
    return (0.5 * (mu**2 + sigma**2 - 1) - sigma.log()).mean(0)


def _marginal_kl(mu: Tensor, sigma: Tensor, mean_kl: Tensor, generator: Generator) -> Tensor:
    """Estimate KL(q(z) || p(z)) from points of q(z), spread evenly over the images.

    The mean of log q(z) - log p(z) would do, and the mean KL less that of log q(z|x) - log q(z)
    too: the first is the better where codes overlap, the second where they lie apart. As the
    exact mean of log q(z|x) - log p(z) is known, it serves as a control variate, which is the
    best mixture of both.
    """
    rows = torch.arange(SAMPLES, device=mu.device) * len(mu) // SAMPLES
    noise = torch.empty(SAMPLES, mu.shape[1], dtype=mu.dtype, device=mu.device)
    noise.normal_(generator=generator)
    z = torch.addcmul(mu[rows], sigma[rows], noise)
    # All without the constant D/2 log 2 pi, which cancels.
    log_posterior = -0.5 * (noise**2).sum(1) - sigma[rows].log().sum(1)
    log_prior = -0.5 * (z**2).sum(1)
    known = log_posterior - log_prior
    wanted = _log_aggregate(z, mu, sigma) - log_prior
    spread = known - known.mean()
    grad = (spread * wanted).sum() / (spread**2).sum().clamp_min(1e-12)
    return wanted.mean() - grad * (known.mean() - mean_kl)


def _log_aggregate(z: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    """Return log 1/N sum_n q(z|x_n) for points of shape (M, D), less the constant of 2 pi.

    The square (z - mu)² / sigma² is multiplied out, so that one product of matrices makes the
    table of all pairs. It cancels large terms where sigma is tiny, hence float64.
    """
    precision = sigma**-2
    constant = -0.5 * (mu**2 * precision).sum(1) - sigma.log().sum(1)
    posteriors = torch.cat([-0.5 * precision, mu * precision, constant[:, None]], 1).T
    points = torch.cat([z**2, z, torch.ones_like(z[:, :1])], 1)
    chunks = points.split(max(1, ROOM // len(mu)))
    return torch.cat([(chunk @ posteriors).logsumexp(1) for chunk in chunks]) - math.log(len(mu))
