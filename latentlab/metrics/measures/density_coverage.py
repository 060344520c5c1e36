"""Density and coverage of samples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, override

from pydantic import Field

from latentlab.metrics.extractors import Inception, extractor
from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import METRICS, Group, Metric, Seed, mean_of
from latentlab.metrics.two_samples import balls, check_size, radii

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.metrics.source import Source
    from latentlab.work import Progress


@METRICS.register
class DensityCoverage(Metric, title="Density and coverage"):
    """How many images a sample is near, and the share of images with a sample near them.

    References
    ----------
    Reliable Fidelity and Diversity Metrics for Generative Models, Naeem et al., 2020, eq. 6 and 7,
    with k = 5.
    """

    group: ClassVar[Group] = Group.SAMPLES
    kind: Literal["density-coverage"] = "density-coverage"
    neighbours: int = Field(5, ge=1, le=19, description="Neighbours k of the radius.")
    samples: int = Field(10_000, ge=20, le=100_000, description="Samples, at most one per image.")
    inception: Path | None = Inception
    seed: int = Seed

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        count = min(self.samples, len(source.images))
        check_size(count)
        network = extractor(self.inception)
        real = yield from source.image_features(network, count)
        fake = yield from source.sample_features(network, count, self.seed)
        real_radii = yield from radii(real, self.neighbours)
        in_real, used = yield from balls(real, real_radii, fake)
        values = [mean_of("Density", in_real / self.neighbours), mean_of("Coverage", used)]
        on = ComputedOn(
            split=source.split,
            images=count,
            samples=count,
            extractor=network.name,
            k=self.neighbours,
            seed=self.seed,
        )
        return self.result(on, values)
