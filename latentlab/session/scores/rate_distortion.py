"""Rate and distortion of several runs: records, requests, figure and table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from latentlab.session.export import TABLES, VECTORS
from latentlab.session.files.figure import Figure, Layer, Line, PlotAxis, Text
from latentlab.session.files.tables import write_table
from latentlab.session.request import Lifetime, Priority, Request, SaveFile

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.metrics.measurement import Value
    from latentlab.session.files.figure import Colour

X_NAME = "Rate: mean KL (nats per image)"
Y_NAME = "Distortion: reconstruction (nats per image)"
FORMATS = (*VECTORS, "png", *TABLES)
HEAD = (
    "run",
    "folder",
    "latent_dim",
    "rate",
    "rate_error",
    "distortion",
    "distortion_error",
    "negative_elbo",
)
INKS: tuple[Colour, ...] = ((0.0, 0.36, 0.66, 1.0), (0.36, 0.39, 0.45, 1.0))
"""Colours of the runs and of the baseline on paper."""
PAD = 0.14
"""Margin of the plot as a share of its range."""


@dataclass(frozen=True, slots=True)
class RatePoint:
    """Rate and distortion of a run or of PCA.

    Parameters
    ----------
    name : str
        Name on screen.
    latent_dim : int
        Dimensions of z, or components.
    rate, distortion : Value
        Means over the images in nats per image, with their standard errors.
    folder : str
        Name of the run folder; empty for PCA.
    """

    name: str
    latent_dim: int
    rate: Value
    distortion: Value
    folder: str = ""

    @property
    def text(self) -> str:
        """Name and numbers in one line."""
        return f"{self.name}: rate {self.rate.text}, distortion {self.distortion.text} nats"


@dataclass(frozen=True, slots=True)
class RateDistortion:
    """Points of a rate-distortion plot.

    Parameters
    ----------
    runs : tuple of Path
        The requested runs.
    points : tuple of RatePoint
        Those that could be measured, by rate.
    baseline : tuple of RatePoint
        PCA, once for each number of latent dimensions.
    on : str
        What was measured on.
    notes : tuple of str
        How PCA was measured, and what limits a comparison.
    problems : tuple of str
        Why some runs are missing.
    """

    runs: tuple[Path, ...]
    points: tuple[RatePoint, ...]
    baseline: tuple[RatePoint, ...] = ()
    on: str = ""
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def limits(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Ranges of rate and distortion that show all points."""
        every = (*self.points, *self.baseline)
        return (
            _range([each.rate.value for each in every]),
            _range([each.distortion.value for each in every]),
        )


@dataclass(frozen=True, slots=True)
class MeasureRateDistortion(Request["RateDistortion"]):
    """Measure rate and distortion of runs on their validation images (slow).

    Parameters
    ----------
    runs : tuple of Path
        Run folders.
    images, draws, seed : int
        Images at most, draws of z per image, and their seed.
    """

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    priority: ClassVar[Priority] = Priority.BACKGROUND
    runs: tuple[Path, ...]
    images: int = 1000
    draws: int = 10
    seed: int = 0


@dataclass(frozen=True, slots=True)
class SaveRateDistortion(SaveFile):
    """Write the points as a table."""

    found: RateDistortion = field(repr=False)
    path: Path


def save_points(path: Path, found: RateDistortion) -> None:
    """Write one row per run, and one per PCA.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    rows = [
        (
            each.name,
            each.folder,
            each.latent_dim,
            each.rate.value,
            "" if each.rate.error is None else each.rate.error,
            each.distortion.value,
            "" if each.distortion.error is None else each.distortion.error,
            each.rate.value + each.distortion.value,
        )
        for each in (*found.points, *found.baseline)
    ]
    write_table(path, HEAD, rows)


def figure_of(found: RateDistortion) -> Figure:
    """Return the plot on white paper: the runs joined by rate, and PCA."""
    x, y = found.limits
    layers = [
        *_lines(found.points, x, INKS[0], is_joined=True),
        *_lines(found.baseline, x, INKS[1], is_joined=False),
    ]
    names = ["Runs", *(["PCA"] if found.baseline else [])]
    return Figure(
        tuple(layers),
        PlotAxis(X_NAME, x),
        PlotAxis(Y_NAME, y),
        legend=tuple(zip(names, INKS, strict=False)),
    )


def _lines(
    points: tuple[RatePoint, ...],
    limits: tuple[float, float],
    colour: Colour,
    *,
    is_joined: bool,
) -> list[Layer]:
    x, y = (
        np.array([each.rate.value for each in points]),
        np.array([each.distortion.value for each in points]),
    )
    bars = [
        Line(
            np.array([each.rate.value] * 2),
            each.distortion.value + np.array([-1, 1]) * (each.distortion.error or 0.0),
            colour,
        )
        for each in points
    ]
    names = [
        Text(each.rate.value, each.distortion.value, each.name, colour, is_left=is_left)
        for each, is_left in with_sides(points, limits)
    ]
    return [*bars, Line(x, y, colour, 1.0 if is_joined else 0.0, marker=5.0), *names]


def with_sides(
    points: tuple[RatePoint, ...], limits: tuple[float, float]
) -> list[tuple[RatePoint, bool]]:
    """Return points, and whether the name of each stands to its left: in the right half."""
    middle = sum(limits) / 2
    return [(each, each.rate.value > middle) for each in points]


def _range(values: list[float]) -> tuple[float, float]:
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    pad = PAD * (high - low) or max(1.0, PAD * abs(high))
    return low - pad, high + pad
