"""Synthetic records of a run, for the tests of panels."""

import numpy as np

from latentlab.learning.events import EpochPreview
from latentlab.session.curves.latent_curves import LatentCurves


def latents(count, size, seed=0):
    """Return curves of `count` epochs in which most of `size` dimensions slowly become active."""
    rng = np.random.default_rng(seed)
    epochs = np.arange(1.0, count + 1)
    kl = rng.gamma(1.5, 1.0, size) * (1 - np.exp(-epochs[:, None] / 5))
    whole = kl.sum(1)
    information = 9.2 * (1 - np.exp(-whole / 9.2))
    parts = (epochs, kl, information, whole - information)
    return LatentCurves(*parts, *geometry(count), images=10_000)


def geometry(count, same_class=0.9, by_pixels=0.95, unevenness=1.05):
    """Return the geometry of codes that separate ten classes, for `count` epochs."""
    parts = (same_class, 0.1, by_pixels, unevenness)
    return [np.broadcast_to(value, count).astype(float) for value in parts]


def portrait(epoch, size, images=200, side=4, labels=True):
    """Return a preview whose pixels have the value of its epoch."""
    rng = np.random.default_rng(epoch)
    mu = rng.standard_normal((images, size)).astype(np.float32)
    pictures = [np.full((count, side, side), epoch % 256, np.uint8) for count in (6, 6, 9)]
    sigma = np.full_like(mu, 0.3)
    return EpochPreview(epoch, mu, sigma, np.arange(images) % 3 if labels else None, *pictures)
