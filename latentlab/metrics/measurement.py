"""Measurements as strict records, which JSON files and the window hold; no torch."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, JsonValue, TypeAdapter

from latentlab.json_files import Count, Record

MAX_TEXT = 2000
MAX_POINTS = 20_000
Text = Annotated[str, Field(max_length=MAX_TEXT)]


class Value(Record):
    """One number of a measurement.

    Parameters
    ----------
    name, unit : str
        Name and unit; the unit may be empty.
    value : float
        The number, finite.
    error : float or None
        Its standard error; None if it is not known.
    """

    name: Text
    value: float
    error: Annotated[float, Field(ge=0)] | None = None
    unit: Text = ""

    @property
    def text(self) -> str:
        """The number, with its error, without the unit."""
        if self.error is None:
            return f"{self.value:.4g}" if abs(self.value) < 1000 else f"{self.value:.1f}"
        digits = max(0, min(6, _digits(self.error)))
        return f"{self.value:.{digits}f} ± {self.error:.{digits}f}"

    @property
    def signed(self) -> str:
        """The text with a sign, as of a difference."""
        return self.text if self.text.startswith("-") else f"+{self.text}"


class Series(Record):
    """Numbers that form a plot, such as a bound over k or the samples of each class.

    Parameters
    ----------
    name, x_name, y_name : str
        Title and names of the axes.
    x : tuple of float or of str
        Positions, or names of bars.
    y : tuple of float
        One value per position.
    """

    name: Text
    x_name: Text
    y_name: Text
    x: Annotated[tuple[float, ...] | tuple[Text, ...], Field(max_length=MAX_POINTS)]
    y: Annotated[tuple[float, ...], Field(max_length=MAX_POINTS)]


class ComputedOn(Record):
    """What a measurement was computed on.

    Parameters
    ----------
    split : str
        Part of the data set, such as ``test``.
    images : int
        Number of images n.
    k : int or None
        Draws or neighbours.
    samples : int or None
        Number of samples of the model.
    extractor, classifier : str or None
        Name of the network of the features, and of what decides on classes.
    seed : int or None
        Seed of the random numbers; None if there are none.
    """

    split: Text
    images: Count
    k: Count | None = None
    samples: Count | None = None
    extractor: Text | None = None
    classifier: Text | None = None
    seed: int | None = None

    @property
    def text(self) -> str:
        """All that is known, as one line."""
        parts = [
            f"{self.images:,} image{'' if self.images == 1 else 's'} ({self.split})",
            *([] if self.k is None else [f"k = {self.k:,}"]),
            *([] if self.samples is None else [f"{self.samples:,} samples"]),
            *([] if self.extractor is None else [f"features: {self.extractor}"]),
            *([] if self.classifier is None else [f"classifier: {self.classifier}"]),
            *([] if self.seed is None else [f"seed {self.seed}"]),
        ]
        return ", ".join(parts)


class Measurement(Record):
    """Result of one metric.

    Parameters
    ----------
    metric, title, group : str
        Kind, name on screen and group of the metric.
    settings : dict
        All settings of the metric, also those at their defaults.
    values : tuple of Value, at least 1
        The numbers; the first is the metric itself.
    on : ComputedOn
        What it was computed on.
    series : tuple of Series
        Plots.
    notes : tuple of str
        What limits the number, as sentences.
    weights : str
        Hash of the measured weights; empty if unknown.
    epoch : int
        Epochs of training of the model.
    seconds, time : float
        Duration, and the end in seconds since 1970.
    """

    metric: Text
    title: Text
    group: Text
    settings: dict[str, JsonValue]
    values: Annotated[tuple[Value, ...], Field(min_length=1, max_length=1000)]
    on: ComputedOn
    series: Annotated[tuple[Series, ...], Field(max_length=100)] = ()
    notes: Annotated[tuple[Text, ...], Field(max_length=100)] = ()
    weights: Text = ""
    epoch: Count = 0
    seconds: Annotated[float, Field(ge=0)] = 0.0
    time: float = Field(default_factory=time.time)

    @property
    def value(self) -> float:
        """The first number."""
        return self.values[0].value

    def named(self, name: str) -> Value:
        """Return one of the numbers by its name; raise a `KeyError` if there is none."""
        for value in self.values:
            if value.name == name:
                return value
        raise KeyError(name)

    def same_settings(self, other: Measurement) -> bool:
        """Return whether both measure the same with the same settings on as many images."""
        mine, others = (
            (each.metric, each.settings, each.on.split, each.on.images) for each in (self, other)
        )
        return mine == others


@dataclass(frozen=True, slots=True)
class Refusal:
    """Reason why a metric was not measured."""

    metric: str
    title: str
    reason: str


type Outcome = Measurement | Refusal

_MEASUREMENTS = TypeAdapter(tuple[Measurement, ...])


def measurements_as_json(measurements: tuple[Measurement, ...]) -> bytes:
    """Return measurements as an indented JSON list."""
    return _MEASUREMENTS.dump_json(measurements, indent=2) + b"\n"


def table_rows(measurements: tuple[Measurement, ...]) -> list[tuple[object, ...]]:
    """Return one row of `TABLE_HEAD` per number."""
    return [
        (
            each.group,
            each.metric,
            value.name,
            value.value,
            "" if value.error is None else value.error,
            value.unit,
            each.on.text,
            ", ".join(f"{name} = {setting}" for name, setting in each.settings.items()),
            " ".join(each.notes),
            each.epoch,
        )
        for each in measurements
        for value in each.values
    ]


TABLE_HEAD = (
    "group",
    "metric",
    "name",
    "value",
    "standard_error",
    "unit",
    "computed_on",
    "settings",
    "notes",
    "epoch",
)


def _digits(error: float) -> int:
    """Return the number of decimals that shows two digits of an error."""
    return 3 if not error else 1 - int(f"{error:e}".partition("e")[2])
