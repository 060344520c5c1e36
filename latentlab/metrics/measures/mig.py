"""Mutual information gap."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import numpy as np

from latentlab.metrics.factors import MAX_TRAINING, discretised, entropies, mutual_information
from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import METRICS, WITH_FACTORS, Group, Metric, Need, number
from latentlab.metrics.source import in_background

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.metrics.source import Source
    from latentlab.work import Progress


@METRICS.register
class MutualInformationGap(Metric, title="MIG"):
    """How much more the best dimension tells about a factor than the next one, 0 to 1.

    References
    ----------
    Isolating Sources of Disentanglement in VAEs, Chen et al., 2018, eq. 6; settings as in
    disentanglement_lib (Locatello et al., 2019): means of at most 10,000 images in 20 bins.
    """

    group: ClassVar[Group] = Group.DISENTANGLEMENT
    needs: ClassVar[frozenset[Need]] = WITH_FACTORS | {Need.DIMENSIONS}
    kind: Literal["mig"] = "mig"

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        codes = yield from source.codes()
        factors = source.factors
        rows = source.rows(MAX_TRAINING)
        mu, levels = codes.mu[rows], factors.levels[rows]
        gaps = yield from in_background(lambda: gaps_of(mu, levels), "Mutual information")
        each = [number(f"Gap of {n}", g) for n, g in zip(factors.names, gaps, strict=True)]
        on = ComputedOn(split=source.split, images=len(mu))
        notes = [factors.note, "Codes: posterior means in 20 bins of equal width."]
        return self.result(on, [number("MIG", float(gaps.mean())), *each], notes=notes)


def gaps_of(mu: NDArray[np.float32], levels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (largest - second largest mutual information) / entropy of each factor, (A,)."""
    found = np.sort(mutual_information(discretised(mu), levels), axis=0)
    gaps: NDArray[np.float64] = (found[-1] - found[-2]) / entropies(levels)
    return gaps
