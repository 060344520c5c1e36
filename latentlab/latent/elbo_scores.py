"""Anomaly scores of images in nats by the negative ELBO, computed in pieces."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution, Normal

from latentlab.errors import RunError
from latentlab.latent.encode import label_tensor, to_model_input
from latentlab.latent.ranking import Scores
from latentlab.models.kl import kl
from latentlab.models.posteriors.posterior import FromNoise
from latentlab.models.thread_rng import SeededRng

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.data.image_set import ImageSet
    from latentlab.models.base import Model

ENCODE_BATCH_SIZE = 8
"""Images encoded at once."""
PIECE_S = 0.008
"""Target duration in seconds of decoding between two reports."""
FIRST_BATCH_SIZE, MAX_BATCH_SIZE = 16, 256
"""Points decoded at once: at first, before the cost is known, and at most, to fit the caches."""


def elbo_scores(
    model: Model, images: ImageSet, samples: int = 50, seed: int = 0
) -> Generator[float, None, Scores]:
    """Score images by a Monte Carlo estimate of the negative ELBO, and by its parts.

    -ELBO(x) = E_q(z|x)[-log p(x|z)] + KL(q(z|x) || p(z)), the expectation as a mean over
    `samples` draws of z. Every image gets the same standard normal draws, so images are compared
    under equal conditions, and a score does not depend on the other images; only a posterior that
    is not made from noise has draws of its own for each. torch's global generator is not used.

    Parameters
    ----------
    model : Model
        Model that scores the images.
    images : ImageSet
        N images, with labels if the model is conditional.
    samples : int
        S, draws per image, at least 1.
    seed : int
        Equal seeds give equal scores, except for rounding with other batch sizes.

    Yields
    ------
    float
        Share done, 0 to 1, after each piece of about `PIECE_S` seconds.

    Returns
    -------
    Scores

    References
    ----------
    Auto-Encoding Variational Bayes, Kingma & Welling, 2013, eq. 7.
    """
    rng = SeededRng(seed)
    decoder = _Decoder(model)
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    for start in range(0, len(images), ENCODE_BATCH_SIZE):
        part = images[start : start + ENCODE_BATCH_SIZE]
        with torch.inference_mode():
            x, y = to_model_input(part.images), label_tensor(model, part.y)
            q = model.encode(x, y)
            z = _draw(q, samples, seed, rng)
            rate = kl(q, model.prior(y), z).reshape(-1, len(x)).mean(0)
        yield start / len(images)
        error = decoder.error(q.mean, x, y)
        distortion = torch.zeros(len(x), dtype=torch.float64)
        for done in decoder.distort(z, x, y, distortion):
            yield (start + len(x) * done) / len(images)
        found.append((distortion / samples + rate, error, rate))
    columns = zip(*found, strict=True) if found else ((), (), ())
    elbos, errors, rates = map(_array, columns)
    return Scores(elbos, errors, rates, samples, seed)


def check_has_elbo(model: Model) -> None:
    """Raise a `RunError` for a model whose codes have no distribution, and so no ELBO."""
    if not model.has_posterior:
        raise RunError(
            "This model gives each image one code, without a distribution: it has no ELBO.",
            "Compare models of this kind by the error of their reconstructions.",
        )


class _Decoder:
    """Decodes as many points at once as take about `PIECE_S` seconds."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._rows = FIRST_BATCH_SIZE

    @torch.inference_mode()
    def error(self, mu: Tensor, x: Tensor, y: Tensor | None) -> Tensor:
        """Return the mean squared error per pixel value of decoded means, with shape (B,)."""
        return (self._model.decode(mu, y).mean - x).square().flatten(1).mean(1)

    @torch.inference_mode()
    def distort(
        self, z: Tensor, x: Tensor, y: Tensor | None, total: Tensor
    ) -> Generator[float, None, None]:
        """Add -log p(x|z) of draws `z`, with shape (S, B, D), to `total`, with shape (B,).

        Yields the share done.
        """
        points = z.flatten(0, 1)
        image_rows = torch.arange(len(points)) % len(x)
        first = 0
        while first < len(points):
            began = time.perf_counter()
            rows = slice(first, first + self._rows)
            image = image_rows[rows]
            p = self._model.decode(points[rows], None if y is None else y[image])
            total.index_add_(0, image, -p.log_prob(x[image]).to(total.dtype))
            first = min(first + self._rows, len(points))
            self._adapt(len(image), time.perf_counter() - began)
            yield first / len(points)

    def _adapt(self, rows: int, seconds: float) -> None:
        fit = rows * PIECE_S / max(seconds, 1e-6)
        self._rows = int(np.clip(fit, 1, min(2 * self._rows, MAX_BATCH_SIZE)))


def _draw(q: Distribution, samples: int, seed: int, rng: SeededRng) -> Tensor:
    """Return draws from `q`, with shape (S, B, D), from the same noise for each image.

    A `q` that is not made from noise draws from `rng`.
    """
    base = getattr(q, "base_dist", q)
    if isinstance(base, Normal):
        return base.loc + base.scale * _noise(samples, base.loc, seed)
    if isinstance(q, FromNoise):
        return q.from_noise(_noise(samples, q.template, seed).expand(-1, len(q.template), -1))
    with rng:
        return q.sample(torch.Size((samples,)))


def _noise(samples: int, template: Tensor, seed: int) -> Tensor:
    """Return standard normal noise for one image, with shape (S, 1, D)."""
    rng = torch.Generator().manual_seed(seed)
    return torch.empty(samples, 1, template.shape[-1]).normal_(generator=rng)


def _array(parts: tuple[Tensor, ...]) -> NDArray[np.float64]:
    values = torch.cat(parts) if parts else torch.empty(0)
    return values.double().numpy()
