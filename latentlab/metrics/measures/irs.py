"""Interventional robustness score."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import numpy as np
from pydantic import Field

from latentlab.metrics.factors import MAX_TRAINING
from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import METRICS, WITH_FACTORS, Group, Metric, Need, number
from latentlab.metrics.source import in_background

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.metrics.source import Source
    from latentlab.work import Progress


@METRICS.register
class IRS(Metric, title="IRS"):
    """How little a dimension changes if all factors but one change, 0 to 1.

    References
    ----------
    Robustly Disentangled Causal Mechanisms, Suter et al., 2019, section 4.1; settings as in
    disentanglement_lib: the 0.99 quantile of the deviations.
    """

    group: ClassVar[Group] = Group.DISENTANGLEMENT
    needs: ClassVar[frozenset[Need]] = WITH_FACTORS
    kind: Literal["irs"] = "irs"
    quantile: float = Field(0.99, gt=0, le=1, description="Quantile taken as largest deviation.")

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        codes = yield from source.codes()
        rows = source.rows(MAX_TRAINING)
        mu, levels = codes.mu[rows], source.factors.levels[rows]
        score = yield from in_background(lambda: robustness(mu, levels, self.quantile), "IRS")
        on = ComputedOn(split=source.split, images=len(mu))
        return self.result(on, [number("IRS", score)], notes=[source.factors.note])


def robustness(mu: NDArray[np.floating], levels: NDArray[np.int64], quantile: float) -> float:
    """Return the mean robustness of the dimensions, weighted by their largest deviation."""
    z = mu.astype(np.float64)
    z = z[:, z.var(0) > 0]
    if not z.size:
        return 0.0
    largest = np.abs(z - z.mean(0)).max(0)
    deviations = np.zeros((z.shape[1], levels.shape[1]))
    for a, column in enumerate(levels.T):
        values = np.unique(column)
        for value in values:
            same = z[column == value]
            away = np.abs(same - same.mean(0))
            deviations[:, a] += np.quantile(away, quantile, axis=0) / len(values)
    best = (1 - deviations / largest[:, None]).max(1)
    return float(np.average(best, weights=largest))
