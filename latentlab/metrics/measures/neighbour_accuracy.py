"""Accuracy of the class of the nearest codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import numpy as np
from pydantic import Field

from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import METRICS, WITH_CLASSES, Group, Metric, Need, Seed, mean_of
from latentlab.metrics.probe import probe_data
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.metrics.source import Source

ROWS = 256


@METRICS.register
class NeighbourAccuracy(Metric, title="Nearest-neighbour accuracy"):
    """Accuracy of the class by vote of the nearest codes.

    References
    ----------
    Nearest Neighbor Pattern Classification, Cover & Hart, 1967.
    """

    group: ClassVar[Group] = Group.LATENT
    needs: ClassVar[frozenset[Need]] = WITH_CLASSES
    kind: Literal["neighbour-accuracy"] = "neighbour-accuracy"
    neighbours: int = Field(5, ge=1, le=100, description="Neighbours that vote.")
    seed: int = Seed

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        from sklearn.neighbors import KNeighborsClassifier

        data = yield from probe_data(source, self.seed)
        k = min(self.neighbours, len(data.z))
        model = KNeighborsClassifier(k).fit(data.z, data.labels)
        found = []
        for start in range(0, len(data.other_z), ROWS):
            found.append(model.predict(data.other_z[start : start + ROWS]))
            yield Progress("Nearest codes", start / len(data.other_z))
        right = np.concatenate(found) == data.others
        on = ComputedOn(split=source.split, images=len(right), k=k, seed=self.seed)
        values = [mean_of("Accuracy, nearest neighbours", right), data.baseline]
        return self.result(on, values, notes=[data.note])
