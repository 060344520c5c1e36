"""Squared error of reconstructions, and the peak signal-to-noise ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import numpy as np
import torch

from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import METRICS, WITH_ENCODER, Group, Metric, Need, mean_of
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.metrics.source import Source

MIN_ERROR = 1e-10
"""Squared error of an image that counts as exact: 100 dB."""


@METRICS.register
class PixelError(Metric, title="MSE and PSNR"):
    """Squared difference of images and their reconstructions, the decoded posterior means."""

    group: ClassVar[Group] = Group.RECONSTRUCTION
    needs: ClassVar[frozenset[Need]] = WITH_ENCODER
    kind: Literal["pixel-error"] = "pixel-error"

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        parts = []
        for share, x, mean in source.reconstructions():
            parts.append((x - mean).double().square().flatten(1).mean(1))
            yield Progress("Reconstructing", share)
        error = torch.cat(parts).numpy()
        ratio = -10 * np.log10(error.clip(MIN_ERROR))
        values = [
            mean_of("MSE", error, "per pixel, pixels 0 to 1"),
            mean_of("PSNR", ratio, "dB, mean over images"),
        ]
        return self.result(ComputedOn(split=source.split, images=len(error)), values)
