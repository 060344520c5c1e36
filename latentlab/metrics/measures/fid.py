"""Fréchet distance of features of images and of samples."""

from __future__ import annotations

from typing import Literal, override

from latentlab.metrics.metric import METRICS, number
from latentlab.metrics.sample_metric import Compared, Comparison, SampleMetric
from latentlab.metrics.two_samples import frechet_distance


@METRICS.register
class FID(SampleMetric, title="FID"):
    """Distance of two Gaussians fitted to features of images and of samples; 0 is best.

    References
    ----------
    GANs Trained by a Two Time-Scale Update Rule, Heusel et al., 2017, eq. 6.
    """

    kind: Literal["fid"] = "fid"

    @override
    def compare(self, found: Compared) -> Comparison:
        yield from ()
        count, features = found.real.shape
        notes = [
            "The FID depends on the features and on the number of images: compare only equal ones.",
            "" if count > features else "Fewer images than features: the FID is too small.",
        ]
        return [number("FID", frechet_distance(found.real, found.fake))], notes
