"""Base class of metrics and their registry: one file in ``measures/`` adds a metric."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from latentlab.config import Config, Registry
from latentlab.errors import DataError
from latentlab.metrics.measurement import ComputedOn, Measurement, Series, Value

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from latentlab.metrics.source import Source
    from latentlab.work import Progress

Seed: Any = Field(0, ge=0, le=2**31 - 1, description="Seed of the random numbers.")


class Group(StrEnum):
    """Group of metrics; the value is its name on screen."""

    LIKELIHOOD = "Likelihood"
    LATENT = "Latent space"
    DISENTANGLEMENT = "Disentanglement"
    RECONSTRUCTION = "Reconstruction"
    SAMPLES = "Samples"
    ANOMALIES = "Anomalies"
    INTERPOLATION = "Interpolation"


class Need(StrEnum):
    """Something that a model or its images may lack; the value completes a sentence."""

    IMAGES = "images"
    ENCODER = "an encoder"
    POSTERIOR = "standard deviations of the posteriors"
    GAUSSIAN_POSTERIOR = "Gaussian posteriors with independent dimensions"
    PRIOR_DENSITY = "a prior with a density"
    COMMON_PRIOR = "one prior for all labels"
    DIMENSIONS = "two or more latent dimensions"
    CLASSES = "labels of at least two classes"
    FACTORS = "at least two known factors that vary"
    TRAINING = "training images"


ON_IMAGES = frozenset({Need.IMAGES})
WITH_ENCODER = ON_IMAGES | {Need.ENCODER}
WITH_POSTERIOR = WITH_ENCODER | {Need.POSTERIOR}
WITH_FACTORS = WITH_ENCODER | {Need.FACTORS}
WITH_CLASSES = WITH_ENCODER | {Need.CLASSES}


class Metric(Config, ABC):
    """Base class of metrics; the fields are its settings.

    Attributes
    ----------
    group : Group
        Group in lists.
    needs : frozenset of Need
        What it cannot be measured without.
    """

    kind: str
    group: ClassVar[Group]
    needs: ClassVar[frozenset[Need]] = ON_IMAGES

    @property
    def title(self) -> str:
        """Name on screen."""
        return str(self.model_config.get("title") or self.kind)

    @classmethod
    def sentence(cls) -> str:
        """Return what it measures, in one sentence."""
        return (cls.__doc__ or "").strip().partition("\n")[0]

    def why_not(self, source: Source) -> str:
        """Return a sentence that says what is missing; empty if it can be measured."""
        lacking = [need.value for need in Need if need in self.needs and not source.has(need)]
        return f"This needs {' and '.join(lacking)}, which is missing here." if lacking else ""

    @abstractmethod
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        """Measure; close the generator to cancel.

        Yields
        ------
        Progress
            What is computed, every few milliseconds where the work allows it.

        Raises
        ------
        LatentlabError
            If it cannot be measured; says why.
        """

    def result(
        self,
        on: ComputedOn,
        values: Sequence[Value],
        *,
        series: Sequence[Series] = (),
        notes: Sequence[str] = (),
    ) -> Measurement:
        """Return the measurement with the settings of this metric."""
        settings = self.model_dump(mode="json", exclude={"kind"})
        return Measurement(
            metric=self.kind,
            title=self.title,
            group=self.group.value,
            settings=settings,
            values=tuple(values),
            on=on,
            series=tuple(series),
            notes=tuple(filter(None, notes)),
        )


METRICS = Registry[Metric]("metric", default="log-likelihood", package="latentlab.metrics.measures")


def number(name: str, value: float, error: float | None = None, unit: str = "") -> Value:
    """Return a number of a measurement.

    Raises
    ------
    DataError
        If it is not finite.
    """
    if not math.isfinite(value):
        raise DataError(f"{name} is no finite number.", "Check the model with the diagnosis.")
    known = error if error is not None and math.isfinite(error) else None
    return Value(name=name, value=float(value), error=known, unit=unit)


def mean_of(name: str, values: Any, unit: str = "") -> Value:
    """Return the mean of an array of shape (N,), with its standard error over the N values."""
    found = np.asarray(values, np.float64)
    error = float(found.std(ddof=1)) / len(found) ** 0.5 if len(found) > 1 else None
    return number(name, float(found.mean()), error, unit)
