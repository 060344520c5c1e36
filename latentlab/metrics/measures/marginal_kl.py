"""The distance of all codes together from the prior, by nearest neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import numpy as np
import torch
from pydantic import Field
from scipy.spatial import KDTree
from scipy.special import digamma, gammaln

from latentlab.errors import DataError
from latentlab.latent.encode import label_tensor, to_model_input
from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import METRICS, WITH_ENCODER, Group, Metric, Need, Seed, number
from latentlab.metrics.source import in_background
from latentlab.models.thread_rng import SeededRng
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.metrics.source import Source

BATCH = 256


@METRICS.register
class MarginalKL(Metric, title="Marginal KL by neighbours"):
    """KL of all codes together from the prior, also where posteriors are narrow; 0 is best.

    The other estimate, the mean KL without the mutual information, exceeds the truth where
    posteriors do not overlap, because the mutual information of N images is at most log N.

    References
    ----------
    Divergence Estimation for Multidimensional Densities via k-Nearest-Neighbor Distances, Wang et
    al., 2009; the entropy of codes as in Estimating mutual information, Kraskov et al., 2004,
    eq. 20, and the density of the prior exactly.
    """

    group: ClassVar[Group] = Group.LATENT
    needs: ClassVar[frozenset[Need]] = WITH_ENCODER | {Need.PRIOR_DENSITY, Need.COMMON_PRIOR}
    kind: Literal["marginal-kl"] = "marginal-kl"
    neighbours: int = Field(
        5, ge=1, le=100, description="Nearest codes whose distance gives the density of codes."
    )
    seed: int = Seed

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        if len(source.images) <= self.neighbours:
            raise DataError("There are too few images.", "Measure on more images.")
        z, log_prior = yield from self._draws(source)
        entropy = yield from in_background(
            lambda: entropy_of(z, self.neighbours), "Distances of codes"
        )
        on = ComputedOn(split=source.split, images=len(z), k=self.neighbours, seed=self.seed)
        kl = number("Marginal KL", -entropy - float(log_prior.mean()), unit="nats")
        notes = ["One draw of each posterior. In many dimensions the estimate is too high."]
        return self.result(on, [kl, number("Entropy of codes", entropy, unit="nats")], notes=notes)

    def _draws(
        self, source: Source
    ) -> Generator[Progress, None, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Return one draw of each posterior, (N, D), and log p(z) of each, (N,)."""
        model, rng = source.model, SeededRng(self.seed)
        draws, densities, count = [], [], len(source.images)
        for start in range(0, count, BATCH):
            part = source.images[start : start + BATCH]
            with torch.inference_mode(), rng:
                y = label_tensor(model, part.y)
                z = model.encode(to_model_input(part.images), y).sample()
                log_prior = model.prior(y).log_prob(z)
            draws.append(z.double().numpy())
            densities.append(log_prior.double().numpy())
            yield Progress("Drawing codes", start / count)
        return np.concatenate(draws), np.concatenate(densities)


def entropy_of(z: NDArray[np.float64], neighbours: int) -> float:
    """Return the differential entropy of the density of points (N, D), in nats.

    Raises
    ------
    DataError
        If points coincide, whose density is infinite.
    """
    count, dimensions = z.shape
    distances = KDTree(z).query(z, k=[neighbours + 1])[0][:, 0]
    if not distances.all():
        raise DataError("Codes of different images are equal, so they have no density.")
    log_ball = dimensions / 2 * np.log(np.pi) - gammaln(dimensions / 2 + 1)
    mean = dimensions * np.log(distances).mean()
    return float(digamma(count) - digamma(neighbours) + log_ball + mean)
