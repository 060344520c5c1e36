"""Structural similarity of images and reconstructions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import numpy as np

from latentlab.errors import DataError
from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import METRICS, WITH_ENCODER, Group, Metric, Need, mean_of
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.metrics.source import Source

SIGMA, REACH = 1.5, 5
"""Standard deviation and radius in pixels of the Gaussian window, 11 pixels wide."""
C1, C2 = 0.01**2, 0.03**2


@METRICS.register
class SSIM(Metric, title="SSIM"):
    """Likeness of images and reconstructions in brightness, contrast and structure; 1 is equal.

    References
    ----------
    Image Quality Assessment: From Error Visibility to Structural Similarity, Wang et al., 2004,
    eq. 13 and section III.C (Gaussian window of 11 pixels, sigma 1.5, K1 = 0.01, K2 = 0.03).
    """

    group: ClassVar[Group] = Group.RECONSTRUCTION
    needs: ClassVar[frozenset[Need]] = WITH_ENCODER
    kind: Literal["ssim"] = "ssim"

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        side = min(source.images.spec.shape[1:])
        if side <= 2 * REACH:
            raise DataError(f"{side} pixels are fewer than the window of SSIM, {2 * REACH + 1}.")
        parts = []
        for share, x, mean in source.reconstructions():
            parts.append(similarity(x.double().numpy(), mean.double().numpy()))
            yield Progress("Reconstructing", share)
        found = np.concatenate(parts)
        on = ComputedOn(split=source.split, images=len(found))
        return self.result(on, [mean_of("SSIM", found)])


def similarity(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the SSIM of pairs of images in [0, 1], (B, C, H, W), without their edges; (B,)."""
    from scipy.ndimage import gaussian_filter

    def blurred(values: NDArray[np.float64]) -> NDArray[np.float64]:
        kept: NDArray[np.float64] = gaussian_filter(values, (0, 0, SIGMA, SIGMA), radius=REACH)
        return kept[..., REACH:-REACH, REACH:-REACH]

    mx, my = blurred(x), blurred(y)
    vx, vy, cov = blurred(x * x) - mx**2, blurred(y * y) - my**2, blurred(x * y) - mx * my
    found = (2 * mx * my + C1) * (2 * cov + C2) / ((mx**2 + my**2 + C1) * (vx + vy + C2))
    return np.asarray(found.mean((1, 2, 3)))
