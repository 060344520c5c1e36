"""Fréchet distance of features of images and of samples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, override

from pydantic import Field

from latentlab.metrics.extractors import Inception, extractor
from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import METRICS, Group, Metric, Seed, number
from latentlab.metrics.two_samples import check_size, frechet_distance

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.metrics.source import Source
    from latentlab.work import Progress


@METRICS.register
class FID(Metric, title="FID"):
    """Distance of two Gaussians fitted to features of images and of samples; 0 is best.

    References
    ----------
    GANs Trained by a Two Time-Scale Update Rule, Heusel et al., 2017, eq. 6.
    """

    group: ClassVar[Group] = Group.SAMPLES
    kind: Literal["fid"] = "fid"
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
        value = number("FID", frechet_distance(real, fake))
        on = ComputedOn(
            split=source.split,
            images=count,
            samples=count,
            extractor=network.name,
            seed=self.seed,
        )
        notes = [
            "The FID depends on the features and on the number of images: compare only equal ones.",
            "" if count > real.shape[1] else "Fewer images than features: the FID is too small.",
        ]
        return self.result(on, [value], notes=notes)
