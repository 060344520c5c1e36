"""Kernel distance of samples of a mixture fitted to codes, against the prior."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, override

from pydantic import Field

from latentlab.metrics.extractors import Inception, extractor
from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import (
    METRICS,
    WITH_ENCODER,
    Group,
    Metric,
    Need,
    Seed,
    mean_of,
    number,
)
from latentlab.metrics.two_samples import check_size, kernel_distances

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.metrics.source import Source
    from latentlab.work import Progress


@METRICS.register
class MixtureKID(Metric, title="KID of an ex-post mixture"):
    """KID of samples of a mixture of Gaussians fitted to codes, against samples of the prior.

    References
    ----------
    From Variational to Deterministic Autoencoders, Ghosh et al., 2020, section 4.
    """

    group: ClassVar[Group] = Group.SAMPLES
    needs: ClassVar[frozenset[Need]] = WITH_ENCODER
    kind: Literal["mixture-kid"] = "mixture-kid"
    components: int = Field(10, ge=1, le=500, description="Gaussians of the mixture.")
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
        pixels = yield from source.mixture_samples(count, self.seed, self.components)
        mixed = yield from network.features(pixels, "Features of samples")
        prior = kernel_distances(real, fake, self.seed)
        mixture = kernel_distances(real, mixed, self.seed)
        gain = prior - mixture  # of the same images, so that their error is smaller
        values = [
            mean_of("KID, mixture", mixture),
            mean_of("KID, prior", prior),
            mean_of("Gain", gain),
        ]
        if prior.mean() > 0:
            values.append(number("Change", float(-gain.mean() / prior.mean() * 100), unit="%"))
        on = ComputedOn(
            split=source.split,
            images=count,
            samples=count,
            extractor=network.name,
            seed=self.seed,
        )
        fitted = "training images" if source.training else f"the images themselves ({source.split})"
        return self.result(on, values, notes=[f"Mixture fitted to codes of {fitted}."])
