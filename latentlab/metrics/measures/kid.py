"""Kernel distance of features of images and of samples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, override

from pydantic import Field

from latentlab.metrics.extractors import Inception, extractor
from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import METRICS, Group, Metric, Seed, mean_of
from latentlab.metrics.two_samples import check_size, kernel_distances

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.metrics.source import Source
    from latentlab.work import Progress


@METRICS.register
class KID(Metric, title="KID"):
    """Unbiased squared MMD of features of images and of samples; 0 is best.

    References
    ----------
    Demystifying MMD GANs, Bińkowski et al., 2018, section 4.
    """

    group: ClassVar[Group] = Group.SAMPLES
    kind: Literal["kid"] = "kid"
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
        distances = kernel_distances(real, fake, self.seed)
        on = ComputedOn(
            split=source.split,
            images=count,
            samples=count,
            extractor=network.name,
            seed=self.seed,
        )
        notes = [f"Kernel (x·y / F + 1)³; mean of {len(distances)} disjoint blocks."]
        return self.result(on, [mean_of("KID", distances)], notes=notes)
