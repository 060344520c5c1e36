"""The two parts of the mean KL: mutual information, and the KL of the aggregate posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import numpy as np
import torch

from latentlab.errors import DataError
from latentlab.latent.encode import label_tensor, to_model_input
from latentlab.learning.latent_statistics import AGGREGATE_IMAGES, latent_statistics
from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import (
    METRICS,
    WITH_POSTERIOR,
    Group,
    Metric,
    Need,
    Seed,
    mean_of,
    number,
)
from latentlab.metrics.source import in_background
from latentlab.models.kl import kl
from latentlab.models.thread_rng import SeededRng
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.metrics.source import Source

BATCH = 256
DRAWS = 16
"""Draws per image of a KL without a closed form."""


@METRICS.register
class AggregatePosterior(Metric, title="Mutual information and marginal KL"):
    """Parts of the mean KL: what codes tell about images, and their distance from the prior.

    References
    ----------
    ELBO surgery, Hoffman & Johnson, 2016, eq. 6.
    """

    group: ClassVar[Group] = Group.LATENT
    needs: ClassVar[frozenset[Need]] = WITH_POSTERIOR | {
        Need.GAUSSIAN_POSTERIOR,
        Need.COMMON_PRIOR,
    }
    kind: Literal["aggregate-posterior"] = "aggregate-posterior"
    seed: int = Seed

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        codes = yield from source.codes()
        rows = source.rows(AGGREGATE_IMAGES)
        count = len(rows)
        if count < 2:
            raise DataError("One image is no mixture of posteriors.", "Measure on more images.")
        mu, sigma = (torch.from_numpy(each[rows]) for each in (codes.mu, codes.sigma))
        generator = torch.Generator().manual_seed(self.seed)
        found = yield from in_background(
            lambda: latent_statistics(mu, sigma, generator), "Densities of the posteriors"
        )
        rate = yield from self._rates(source, rows)
        # The mutual information does not depend on the prior.
        marginal = float(rate.mean()) - found.mutual_information
        values = [
            number("Mutual information", found.mutual_information, unit="nats"),
            number("Marginal KL", marginal, unit="nats"),
            mean_of("Mean KL", rate, "nats per image"),
        ]
        notes = [
            f"{count} images differ by at most log {count} = {np.log(count):.1f} nats of "
            "information; both parts have a Monte Carlo error of a few hundredths."
        ]
        on = ComputedOn(split=source.split, images=count, seed=self.seed)
        return self.result(on, values, notes=notes)

    def _rates(
        self, source: Source, rows: NDArray[np.int64]
    ) -> Generator[Progress, None, NDArray[np.float64]]:
        """Return KL(q(z|x) ‖ p(z)) of each of the rows in nats, shape (n,)."""
        model, rng, found = source.model, SeededRng(self.seed), []
        for start in range(0, len(rows), BATCH):
            part = source.images[rows[start : start + BATCH]]
            with torch.inference_mode():
                x, y = to_model_input(part.images), label_tensor(model, part.y)
                q, prior = model.encode(x, y), model.prior(y)
                with rng:
                    z = q.sample(torch.Size((DRAWS,)))
                found.append(kl(q, prior, z).reshape(-1, len(x)).mean(0).double().numpy())
            yield Progress("KL of the posteriors", start / len(rows))
        return np.concatenate(found)
