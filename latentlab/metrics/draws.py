"""Log-likelihoods of images given draws of z, in pieces of a few milliseconds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from latentlab.latent.encode import label_tensor, to_model_input

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch.distributions import Distribution

    from latentlab.data.image_set import ImageSet
    from latentlab.models.base import Model
    from latentlab.models.thread_rng import SeededRng

PIECE_S = 0.02
"""Target duration of a piece in seconds."""
FIRST_ROWS, MAX_ROWS = 16, 512
"""Points decoded at once: before the cost is known, and at most, to fit into the cache."""
MAX_DRAWN = 4096
"""Points drawn at once."""


class ImportanceWeights:
    """Log importance weights of images, log p(x|z) + log p(z) - log q(z|x) for z from q(z|x).

    Parameters
    ----------
    model : Model
        Model with a posterior.
    rng : SeededRng
        Source of the draws.
    """

    def __init__(self, model: Model, rng: SeededRng) -> None:
        self._model, self._rng = model, rng
        self._rows = FIRST_ROWS

    def of(self, images: ImageSet, k: int) -> Generator[float, None, Tensor]:
        """Return the log weights of k draws for each image, (k, B) of float64.

        Yields
        ------
        float
            Fraction done.
        """
        with torch.inference_mode():
            x, y = to_model_input(images.images), label_tensor(self._model, images.y)
            q, prior = self._model.encode(x, y), self._model.prior(y)
        found, done, at_once = [], 0, max(1, MAX_DRAWN // len(x))
        while done < k:
            part = yield from self._draws(q, prior, x, y, min(at_once, k - done))
            found.append(part)
            done += len(part)
            yield done / k
        return torch.cat(found)

    def _draws(
        self, q: Distribution, prior: Distribution, x: Tensor, y: Tensor | None, k: int
    ) -> Generator[float, None, Tensor]:
        with torch.inference_mode():
            with self._rng:
                z = q.sample(torch.Size((k,)))
            weights = (prior.log_prob(z) - q.log_prob(z)).double().flatten()
        points, image = z.flatten(0, 1), torch.arange(len(x)).repeat(k)
        first = 0
        while first < len(points):
            began, rows = time.perf_counter(), slice(first, first + self._rows)
            with torch.inference_mode():
                p = self._model.decode(points[rows], None if y is None else y[image[rows]])
                weights[rows] += p.log_prob(x[image[rows]])
            first = min(rows.stop, len(points))
            fit = self._rows * PIECE_S / max(time.perf_counter() - began, 1e-6)
            self._rows = int(np.clip(fit, 1, min(2 * self._rows, MAX_ROWS)))
            yield 0.0
        return weights.view(k, len(x))
