"""Improved precision and recall of samples."""

from __future__ import annotations

from typing import Literal, override

from pydantic import Field

from latentlab.metrics.metric import METRICS, mean_of
from latentlab.metrics.sample_metric import Compared, Comparison, SampleMetric
from latentlab.metrics.two_samples import balls, radii


@METRICS.register
class PrecisionRecall(SampleMetric, title="Precision and recall"):
    """Share of samples that are like images, and share of images that samples reach.

    References
    ----------
    Improved Precision and Recall Metric for Assessing Generative Models, Kynkäänniemi et al., 2019,
    eq. 1 and 2, with k = 3.
    """

    kind: Literal["precision-recall"] = "precision-recall"
    neighbours: int = Field(3, ge=1, le=19, description="Neighbours k of the radius.")

    @property
    @override
    def k(self) -> int:
        return self.neighbours

    @override
    def compare(self, found: Compared) -> Comparison:
        real_radii = yield from radii(found.real, self.neighbours)
        fake_radii = yield from radii(found.fake, self.neighbours)
        in_real, _ = yield from balls(found.real, real_radii, found.fake)
        in_fake, _ = yield from balls(found.fake, fake_radii, found.real)
        return [mean_of("Precision", in_real > 0), mean_of("Recall", in_fake > 0)], ()
