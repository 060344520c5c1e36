"""Batches of codes for the tests of terms that look at codes only."""

import torch
from torch.distributions import Independent, Normal

from latentlab.learning.batch import Batch
from latentlab.learning.noise import Noise
from latentlab.models.base import StandardNormal


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def codes_batch(mu, sigma, *, seed=0, network=None, images=0, prior=None):
    """A batch of codes drawn from N(mu, sigma²), both (B, D); terms look at nothing else."""
    noise = Noise(rng(seed))
    z = mu + sigma * noise.like(mu)
    q = Independent(Normal(mu, sigma), 1)
    prior = prior or StandardNormal(torch.zeros(mu.shape[1]))
    x = torch.zeros(len(mu), 1, 2, 2)
    return Batch(
        x, None, None, z, q, p=None, prior=prior, noise=noise, network=network, images=images
    )
