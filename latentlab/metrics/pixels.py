"""What the log-likelihood of pixels means for the images that are measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.distributions import Bernoulli, Distribution

from latentlab.latent.encode import label_tensor
from latentlab.metrics.metric import number
from latentlab.models.discretized import DiscretizedPixels

if TYPE_CHECKING:
    from latentlab.metrics.measurement import Value
    from latentlab.metrics.source import Source

CHECKED_IMAGES = 256
GREY = (
    "The pixels are grey, and a Bernoulli of a grey pixel is no likelihood: the number cannot be "
    "compared with published ones. Binarize the images."
)
DENSITY = "A density of pixels between 0 and 1, not a probability: it may be below 0 nats."


def likelihood_of(source: Source) -> Distribution:
    """Return the distribution of the pixels of one image, given a point of the prior."""
    with torch.inference_mode():
        y = label_tensor(source.model, source.images[:1].y)
        z = torch.zeros(1, source.model.latent_dim)
        p = source.model.decode(z, y)
    found: Distribution = getattr(p, "base_dist", p)
    return found


def is_eight_bit(source: Source) -> bool:
    """Return whether the likelihood is of the 256 shades of a pixel, a probability of bytes."""
    return isinstance(likelihood_of(source), DiscretizedPixels)


def pixel_note(source: Source) -> str:
    """Return a sentence on what the log-likelihood of the images is; may be empty."""
    if is_eight_bit(source):
        return ""
    if not isinstance(likelihood_of(source), Bernoulli):
        return DENSITY
    pixels = np.asarray(source.images.images[:CHECKED_IMAGES])
    white = 255 if pixels.dtype == np.uint8 else 1
    return "" if ((pixels == 0) | (pixels == white)).all() else GREY


def bits_per_dimension(nats: Value, source: Source) -> list[Value]:
    """Return nats per image as bits per pixel value; empty unless the likelihood is of bytes."""
    if not is_eight_bit(source):
        return []
    scale = source.images.spec.pixels * float(np.log(2))
    error = None if nats.error is None else nats.error / scale
    return [number("Bits per dimension", nats.value / scale, error, "bits")]
