"""Kernel distance of samples of a mixture fitted to codes, against the prior."""

from __future__ import annotations

from typing import ClassVar, Literal, override

from pydantic import Field

from latentlab.metrics.metric import METRICS, WITH_ENCODER, Need, mean_of, number
from latentlab.metrics.sample_metric import Compared, Comparison, SampleMetric
from latentlab.metrics.two_samples import kernel_distances


@METRICS.register
class MixtureKID(SampleMetric, title="KID of an ex-post mixture"):
    """KID of samples of a mixture of Gaussians fitted to codes, against samples of the prior.

    References
    ----------
    From Variational to Deterministic Autoencoders, Ghosh et al., 2020, section 4.
    """

    needs: ClassVar[frozenset[Need]] = WITH_ENCODER | {Need.COMMON_PRIOR}
    kind: Literal["mixture-kid"] = "mixture-kid"
    components: int = Field(10, ge=1, le=500, description="Gaussians of the mixture.")

    @override
    def compare(self, found: Compared) -> Comparison:
        source, count = found.source, len(found.real)
        pixels = yield from source.mixture_samples(count, self.seed, self.components)
        mixed = yield from found.network.features(pixels, "Features of samples")
        prior = kernel_distances(found.real, found.fake, self.seed)
        mixture = kernel_distances(found.real, mixed, self.seed)
        gain = prior - mixture  # of the same images, so that their error is smaller
        values = [
            mean_of("KID, mixture", mixture),
            mean_of("KID, prior", prior),
            mean_of("Gain", gain),
        ]
        if prior.mean() > 0:
            values.append(number("Change", float(-gain.mean() / prior.mean() * 100), unit="%"))
        fitted = "training images" if source.training else f"the images themselves ({source.split})"
        return values, [f"Mixture fitted to codes of {fitted}."]
