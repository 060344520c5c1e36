"""Density and coverage of samples."""

from __future__ import annotations

from typing import Literal, override

from pydantic import Field

from latentlab.metrics.metric import METRICS, mean_of
from latentlab.metrics.sample_metric import Compared, Comparison, SampleMetric
from latentlab.metrics.two_samples import balls, radii


@METRICS.register
class DensityCoverage(SampleMetric, title="Density and coverage"):
    """How many images a sample is near, and the share of images with a sample near them.

    References
    ----------
    Reliable Fidelity and Diversity Metrics for Generative Models, Naeem et al., 2020, eq. 6 and 7,
    with k = 5.
    """

    kind: Literal["density-coverage"] = "density-coverage"
    neighbours: int = Field(5, ge=1, le=19, description="Neighbours k of the radius.")

    @property
    @override
    def k(self) -> int:
        return self.neighbours

    @override
    def compare(self, found: Compared) -> Comparison:
        real_radii = yield from radii(found.real, self.neighbours)
        in_real, used = yield from balls(found.real, real_radii, found.fake)
        return [mean_of("Density", in_real / self.neighbours), mean_of("Coverage", used)], ()
