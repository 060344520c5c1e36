"""Improved precision and recall of samples."""

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
class PrecisionRecall(Metric, title="Precision and recall"):
    """Share of samples that are like images, and share of images that samples reach.

    References
    ----------
    Improved Precision and Recall Metric for Assessing Generative Models, Kynkäänniemi et al., 2019,
    eq. 1 and 2, with k = 3.
    """

    group: ClassVar[Group] = Group.SAMPLES
    kind: Literal["precision-recall"] = "precision-recall"
    neighbours: int = Field(3, ge=1, le=19, description="Neighbours k of the radius.")
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
        fake_radii = yield from radii(fake, self.neighbours)
        in_real, _ = yield from balls(real, real_radii, fake)
        in_fake, _ = yield from balls(fake, fake_radii, real)
        values = [mean_of("Precision", in_real > 0), mean_of("Recall", in_fake > 0)]
        on = ComputedOn(
            split=source.split,
            images=count,
            samples=count,
            extractor=network.name,
            k=self.neighbours,
            seed=self.seed,
        )
        return self.result(on, values)
