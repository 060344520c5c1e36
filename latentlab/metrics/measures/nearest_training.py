"""Distance of samples to the nearest training image: whether the model repeats images."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import numpy as np
from pydantic import Field

from latentlab.latent.encode import to_model_input
from latentlab.metrics.measurement import ComputedOn, Measurement, Value
from latentlab.metrics.metric import (
    METRICS,
    ON_IMAGES,
    Group,
    Metric,
    Need,
    Seed,
    mean_of,
    number,
)
from latentlab.metrics.two_samples import squared_distances
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.data.image_set import ImageSet
    from latentlab.metrics.source import Source

ROWS = 256


@METRICS.register
class NearestTraining(Metric, title="Nearest training image"):
    """Distance of samples to the nearest training image, relative to that of held-out images.

    A ratio well below 1 says that samples repeat training images. Blurred samples have a ratio
    below 1 as well.
    """

    group: ClassVar[Group] = Group.SAMPLES
    needs: ClassVar[frozenset[Need]] = ON_IMAGES | {Need.TRAINING}
    kind: Literal["nearest-training"] = "nearest-training"
    samples: int = Field(500, ge=2, le=10_000, description="Samples, at most one per image.")
    seed: int = Seed

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        assert source.training is not None
        count = min(self.samples, len(source.images))
        samples = yield from source.samples(count, self.seed)
        images = source.images.images[source.rows(count)]
        found = []
        for pixels in (samples, images):
            near = yield from nearest(flat(pixels), source.training)
            found.append(near)
        mine, others = (np.sqrt(each / source.images.spec.pixels) for each in found)
        unit = "RMS per pixel, pixels 0 to 1"
        values = [ratio_of(mine, others), mean_of("Samples", mine, unit)]
        values.append(mean_of("Held-out images", others, unit))
        on = ComputedOn(split=source.split, images=count, samples=count, seed=self.seed)
        notes = [f"Nearest of {len(source.training):,} training images by pixels."]
        return self.result(on, values, notes=notes)


def flat(pixels: NDArray) -> NDArray[np.float64]:
    """Return images, bytes or floats, as rows of pixels in [0, 1]."""
    return to_model_input(pixels).flatten(1).double().numpy()


def nearest(
    points: NDArray[np.float64], images: ImageSet
) -> Generator[Progress, None, NDArray[np.float64]]:
    """Return the squared distance of each point to the nearest image, (n,)."""
    found = np.full(len(points), np.inf)
    for start in range(0, len(images), ROWS):
        rows = flat(np.asarray(images.images[start : start + ROWS]))
        found = np.minimum(found, squared_distances(points, rows).min(1))
        yield Progress("Comparing with training images", start / len(images))
    return found


def ratio_of(mine: NDArray[np.float64], others: NDArray[np.float64]) -> Value:
    """Return the ratio of the means, with its standard error by the delta method."""
    ratio = mine.mean() / others.mean() if others.mean() else float("nan")
    shares = [
        each.var(ddof=1) / len(each) / max(each.mean(), 1e-12) ** 2 for each in (mine, others)
    ]
    return number("Distance ratio", float(ratio), float(ratio * sum(shares) ** 0.5))
