"""Active units: latent dimensions whose posterior mean varies with the image."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import numpy as np
from pydantic import Field

from latentlab.errors import DataError
from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import METRICS, WITH_ENCODER, Group, Metric, Need, number

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.metrics.source import Source
    from latentlab.work import Progress


@METRICS.register
class ActiveUnits(Metric, title="Active units"):
    """Number of latent dimensions whose posterior mean varies over the images.

    References
    ----------
    Importance Weighted Autoencoders, Burda, Grosse & Salakhutdinov, 2016, section 5.2:
    A_u = Cov_x(E_q(u|x)[u]) > 0.01.
    """

    group: ClassVar[Group] = Group.LATENT
    needs: ClassVar[frozenset[Need]] = WITH_ENCODER
    kind: Literal["active-units"] = "active-units"
    threshold: float = Field(0.01, ge=0, le=100, description="Variance above which one is active.")

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        codes = yield from source.codes()
        if len(codes) < 2:
            raise DataError("The variance of one image is unknown.", "Measure on more images.")
        active = codes.mu.astype(np.float64).var(0, ddof=1) > self.threshold
        value = number("Active units", int(active.sum()), unit=f"of {len(active)}")
        return self.result(ComputedOn(split=source.split, images=len(codes)), [value])
