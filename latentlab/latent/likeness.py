"""How well a model knows an image: its negative evidence lower bound, estimated."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.distributions import kl_divergence

from latentlab.latent.embed import to_pixels
from latentlab.models.noise import Seeded

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray
    from torch import Tensor
    from torch.distributions import Distribution

    from latentlab.data.base import ImageSet
    from latentlab.models.base import Model

ENCODED = 16
"""Images encoded in one piece of work."""
FIRST = 16
"""Codes decoded in the first piece."""
PIECE = 0.01
"""Seconds that each piece should take."""


def bounds(
    model: Model, images: ImageSet, samples: int = 50, seed: int = 0
) -> Generator[float, None, NDArray[np.float64]]:
    """Estimate reconstruction and rate of each image, yielding the share that is done.

    The reconstruction is the mean of -log p(x|z) over `samples` draws of q(z|x); the rate is
    KL(q(z|x) || p(z)), in closed form where there is one. Their sum is the negative ELBO.

    Parameters
    ----------
    model : Model
        Whose bound; not changed.
    images : ImageSet
        N images, with labels where the model is conditional.
    samples : int
        Draws from each posterior.
    seed : int
        Same seed, same estimate.

    Returns
    -------
    ndarray of float64, shape (N, 2)
        Reconstruction and rate, nats.

    References
    ----------
    Auto-Encoding Variational Bayes, Kingma & Welling, 2013, eq. 3 and 7.
    """
    x, y = to_pixels(images.images), _labels(model, images)
    z, rate = yield from _posteriors(model, x, y, samples, seed)
    owner = torch.arange(len(x)).repeat_interleave(samples)
    total, done, rows = np.zeros(len(x)), 0, FIRST
    while done < len(z):
        began, mine = time.perf_counter(), owner[done : done + rows]
        with torch.inference_mode():
            p = model.decode(z[done : done + rows], None if y is None else y[mine])
            nats = -p.log_prob(x[mine])
        np.add.at(total, mine.numpy(), nats.double().numpy())
        done += rows
        rows = _next_rows(rows, time.perf_counter() - began)
        yield min(1.0, done / len(z))
    return np.stack([total / samples, rate], axis=-1)


def _posteriors(
    model: Model, x: Tensor, y: Tensor | None, samples: int, seed: int
) -> Generator[float, None, tuple[Tensor, NDArray[np.float64]]]:
    """Return draws of q(z|x), image after image, with shape (N·samples, D), and the rates."""
    noise, drawn, rates = Seeded(seed), [], []
    for start in range(0, len(x), ENCODED):
        rows = slice(start, start + ENCODED)
        labels = None if y is None else y[rows]
        with torch.inference_mode(), noise:
            q = model.encode(x[rows], labels)
            z = q.sample((samples,))
            rates.append(_rate(q, model.prior(labels), z).double().numpy())
        drawn.append(z.transpose(0, 1).flatten(0, 1))
        yield 0.0
    empty = x.new_empty(0, model.latent_dim)
    return torch.cat([empty, *drawn]), np.concatenate([np.empty(0), *rates])


def _next_rows(rows: int, seconds: float) -> int:
    """Return how many to decode next, so that a piece of work takes about `PIECE`."""
    if seconds > 1.2 * PIECE:
        return max(1, rows // 2)
    return 2 * rows if seconds < 0.4 * PIECE else rows


def _rate(q: Distribution, prior: Distribution, z: Tensor) -> Tensor:
    """Return KL(q || p) per image, estimated from z where it has no closed form."""
    try:
        return kl_divergence(q, prior)
    except NotImplementedError:
        return (q.log_prob(z) - prior.log_prob(z)).mean(0)


def _labels(model: Model, images: ImageSet) -> Tensor | None:
    if not model.conditional:
        return None
    if images.labels is None:
        raise ValueError("a conditional model needs labels")
    return torch.from_numpy(np.array(images.labels))
