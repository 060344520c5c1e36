"""Modularity: whether each dimension tells about one factor only."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import numpy as np

from latentlab.metrics.factors import MAX_TRAINING, discretised, mutual_information
from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import METRICS, WITH_FACTORS, Group, Metric, Need, number
from latentlab.metrics.source import in_background

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.metrics.source import Source
    from latentlab.work import Progress


@METRICS.register
class Modularity(Metric, title="Modularity"):
    """Whether each dimension tells about one factor only, 0 to 1.

    References
    ----------
    Learning Deep Disentangled Embeddings with the F-Statistic Loss, Ridgeway & Mozer, 2018,
    section 3; settings as in disentanglement_lib: means in 20 bins.
    """

    group: ClassVar[Group] = Group.DISENTANGLEMENT
    needs: ClassVar[frozenset[Need]] = WITH_FACTORS
    kind: Literal["modularity"] = "modularity"

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        codes = yield from source.codes()
        rows = source.rows(MAX_TRAINING)
        mu, levels = codes.mu[rows], source.factors.levels[rows]
        found = yield from in_background(
            lambda: mutual_information(discretised(mu), levels), "Mutual information"
        )
        on = ComputedOn(split=source.split, images=len(mu))
        value = number("Modularity", modularity_of(found))
        return self.result(on, [value], notes=[source.factors.note])


def modularity_of(information: NDArray[np.float64]) -> float:
    """Return the modularity of mutual information of shape (D, A); a useless dimension has 0."""
    squared = information**2
    largest = squared.max(1)
    rest = (squared.sum(1) - largest) / (squared.shape[1] - 1)
    found = np.where(largest > 0, 1 - rest / np.where(largest > 0, largest, 1), 0.0)
    return float(found.mean())
