"""Kernel distance of features of images and of samples."""

from __future__ import annotations

from typing import Literal, override

from latentlab.metrics.metric import METRICS, mean_of
from latentlab.metrics.sample_metric import Compared, Comparison, SampleMetric
from latentlab.metrics.two_samples import kernel_distances


@METRICS.register
class KID(SampleMetric, title="KID"):
    """Unbiased squared MMD of features of images and of samples; 0 is best.

    References
    ----------
    Demystifying MMD GANs, Bińkowski et al., 2018, section 4.
    """

    kind: Literal["kid"] = "kid"

    @override
    def compare(self, found: Compared) -> Comparison:
        yield from ()
        distances = kernel_distances(found.real, found.fake, self.seed)
        notes = [f"Kernel (x·y / F + 1)³; mean of {len(distances)} disjoint blocks."]
        return [mean_of("KID", distances)], notes
