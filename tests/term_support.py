"""Batches of codes for the tests of terms."""

import torch
from torch.distributions import Independent, Normal

from latentlab.data.image_set import ImageSpec
from latentlab.learning.batch import Batch
from latentlab.learning.noise import Noise
from latentlab.models.base import StandardNormal
from latentlab.models.mlp_vae import VAEConfig
from latentlab.models.thread_rng import SeededRng


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def codes_batch(mu, sigma, *, seed=0, network=None, images=0, prior=None):
    """A batch of codes drawn from N(mu, sigma²), both (B, D), of a small model of grey images."""
    noise = Noise(rng(seed))
    z = mu + sigma * noise.like(mu)
    q = Independent(Normal(mu, sigma), 1)
    prior = prior or StandardNormal(torch.zeros(mu.shape[1]))
    with SeededRng(seed):
        model = VAEConfig(hidden=(8,), latent_dim=mu.shape[1]).build(ImageSpec((1, 9, 7)))
    x = torch.rand(len(mu), 1, 9, 7, generator=rng(seed))
    return Batch(x, None, None, z, q, model.decode(z.float()), prior, model, noise, network, images)
