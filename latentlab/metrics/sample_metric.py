"""Base class of metrics that compare features of images and of samples."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path  # pydantic reads the annotations
from typing import TYPE_CHECKING, ClassVar, NamedTuple, override

from pydantic import Field

from latentlab.metrics.extractors import Inception, extractor
from latentlab.metrics.measurement import ComputedOn, Measurement, Value
from latentlab.metrics.metric import Group, Metric, Seed
from latentlab.metrics.two_samples import check_size

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.metrics.extractors import Extractor
    from latentlab.metrics.source import Source
    from latentlab.work import Progress

type Comparison = Generator[Progress, None, tuple[Sequence[Value], Sequence[str]]]
"""Work that returns the numbers and the notes of a metric."""


class Compared(NamedTuple):
    """Features of as many images as samples.

    Parameters
    ----------
    source : Source
        Where they come from.
    network : Extractor
        Network that computed them.
    real, fake : ndarray, shape (N, F)
        Features of images and of samples.
    """

    source: Source
    network: Extractor
    real: NDArray[np.float64]
    fake: NDArray[np.float64]


class SampleMetric(Metric):
    """Base class of metrics that compare features of images and of samples."""

    group: ClassVar[Group] = Group.SAMPLES
    samples: int = Field(10_000, ge=20, le=100_000, description="Samples, at most one per image.")
    inception: Path | None = Inception
    seed: int = Seed

    @property
    def k(self) -> int | None:
        """Neighbours that it looks at; None if it looks at none."""
        return None

    @abstractmethod
    def compare(self, found: Compared) -> Comparison:
        """Return the numbers and the notes."""

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        count = min(self.samples, len(source.images))
        check_size(count)
        network = extractor(self.inception)
        real = yield from source.image_features(network, count)
        fake = yield from source.sample_features(network, count, self.seed)
        values, notes = yield from self.compare(Compared(source, network, real, fake))
        on = ComputedOn(
            split=source.split,
            images=count,
            samples=count,
            extractor=network.name,
            k=self.k,
            seed=self.seed,
        )
        return self.result(on, values, notes=notes)
