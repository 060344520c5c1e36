"""Answers with samples of p(x|z)."""

from __future__ import annotations

import numpy as np

from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.latent.encode import decode_samples, to_hwc
from latentlab.session.image_sample import ImageSample, SampleImage


@answer.register
def _(request: SampleImage, explorer: Explorer) -> ImageSample:
    point, model = request.point, explorer.model
    assert explorer.card
    z = np.array([point.z], np.float32)
    labels = explorer.card.spec.label_array([point.label])
    sample = decode_samples(model, z, labels, request.seed)
    return ImageSample(point, request.seed, to_hwc(sample)[0])
