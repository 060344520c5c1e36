"""Classes of samples, as a classifier names them: whether classes are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import numpy as np
from pydantic import Field

from latentlab.errors import DataError
from latentlab.metrics.classes import class_decider
from latentlab.metrics.measurement import ComputedOn, Measurement, Series
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

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.metrics.source import Source
    from latentlab.work import Progress


@METRICS.register
class ClassHistogram(Metric, title="Classes of samples"):
    """Distance of the classes of samples from those of the images; 0 if all shares are equal.

    Mode dropping shows as classes without samples. The classifier makes errors: its accuracy on
    the images is given.
    """

    group: ClassVar[Group] = Group.SAMPLES
    needs: ClassVar[frozenset[Need]] = ON_IMAGES | {Need.CLASSES}
    kind: Literal["class-histogram"] = "class-histogram"
    samples: int = Field(2000, ge=10, le=100_000, description="Samples.")
    classifier: Literal["features", "codes", "opened"] = Field(
        "features",
        description="What decides on the class: nearest neighbours by features or by codes of "
        "this model, or the classifier that is open.",
    )
    neighbours: int = Field(5, ge=1, le=100, description="Neighbours that vote.")
    seed: int = Seed

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        decider = yield from class_decider(source, self.classifier, self.neighbours)
        if decider.classes != source.images.spec.classes:
            raise DataError("The classifier has other classes than the images.", "Open another.")
        pixels = yield from source.samples(self.samples, self.seed)
        found = yield from decider.decide(pixels)
        rows = source.rows(self.samples)
        images = source.images.images[rows]
        right = (yield from decider.decide(images)) == source.labels[rows]
        names = source.images.spec.class_names
        mine, wanted = (
            np.bincount(each, minlength=len(names)) / len(each) for each in (found, source.labels)
        )
        missing = int(((mine == 0) & (wanted > 0)).sum())
        values = [
            number("Total variation", float(0.5 * np.abs(mine - wanted).sum())),
            number("Classes without a sample", missing, unit=f"of {int((wanted > 0).sum())}"),
            mean_of("Accuracy of the classifier", right),
        ]
        asked = source.sample_labels(self.samples, self.seed)
        if asked is not None and asked.ndim == 1:
            values.append(mean_of("Samples of their class", found == asked))
        series = [
            Series(name=name, x_name="Class", y_name="Share", x=names, y=tuple(shares.tolist()))
            for name, shares in (("Samples", mine), ("Images", wanted))
        ]
        on = ComputedOn(
            split=source.split,
            images=len(source.images),
            samples=self.samples,
            classifier=decider.name,
            k=decider.neighbours,
            seed=self.seed,
        )
        return self.result(on, values, series=series, notes=[decider.note])
