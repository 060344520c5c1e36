"""Losses over steps and epochs, in memory and in the files of a run folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter

from latentlab.atomic_write import write_atomically
from latentlab.json_files import Lines, Record, read_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.learning.events import Losses


FILE = "steps.jsonl"
MAX_STEP_POINTS = 2000
"""Maximum number of points; beyond it every other point is dropped."""

MAX_PREVIEWS = 48
EPOCH_TOLERANCE = 1e-6
Loss = Annotated[float, Field(ge=-1e30, le=1e30)]
"""Loss in nats per image, of plausible magnitude."""


class StepLosses(Record):
    """One line of ``steps.jsonl``: the epoch, and each loss under its name."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Loss]

    epoch: Annotated[float, Field(ge=0, le=1e9)]

    @property
    def losses(self) -> Losses:
        """Losses by name, nats per image."""
        return self.__pydantic_extra__


_STEP = TypeAdapter(StepLosses)


class StepLog:
    """Log of step losses, written to a run folder.

    Parameters
    ----------
    folder : Path
        Run folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._points: list[tuple[float, Losses]] = []
        self._stride = self._skipped = 1

    def go_on(self, epochs: float) -> None:
        """Load the points of a resumed run up to `epochs` and drop later ones."""
        kept = (
            step
            for step in read_steps(self._folder).records
            if step.epoch <= epochs + EPOCH_TOLERANCE
        )
        self._points = [(step.epoch, step.losses) for step in kept]
        self.write()

    def add(self, epochs: float, losses: Mapping[str, float]) -> None:
        """Record the losses of a step at `epochs`, or skip it according to the stride."""
        self._skipped += 1
        if self._skipped < self._stride:
            return
        self._skipped = 0
        self._points.append((epochs, dict(losses)))
        if len(self._points) > MAX_STEP_POINTS:
            self._points, self._stride = self._points[::2], 2 * self._stride

    def write(self) -> None:
        """Write all points.

        Raises
        ------
        RunError
            If the folder cannot be written.
        """
        lines = [f"{_line(epochs, losses)}\n" for epochs, losses in self._points]
        write_atomically(self._folder / FILE, "".join(lines).encode())


def _line(epochs: float, losses: Losses) -> str:
    values = {name: float(f"{value:.6g}") for name, value in losses.items()}
    return json.dumps({"epoch": round(epochs, 6), **values})


def read_steps(folder: Path) -> Lines[StepLosses]:
    """Read ``steps.jsonl`` of a run folder."""
    return read_lines(folder / FILE, _STEP)


METRICS = "metrics.jsonl"
RUNNING, TRAIN, VALIDATION, TEST = "running", "train", "validation", "test"

Curves = Mapping[tuple[str, str], "tuple[NDArray[np.float64], NDArray[np.float64]]"]
"""Map from (split, loss name) to epochs and nats per image. Splits: ``running`` within an epoch,
``train`` and ``validation`` at its end, ``test`` once, of the last and of the best epoch."""


class Metrics(Record):
    """One line of ``metrics.jsonl``: these keys, and each loss under its name."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Loss]

    epoch: Annotated[float, Field(ge=0, le=1e9)]
    split: Literal["train", "validation", "test"]
    seconds: float = 0.0

    @property
    def losses(self) -> Losses:
        """Losses by name, nats per image."""
        return self.__pydantic_extra__


_METRICS = TypeAdapter(Metrics)


class CurveLog:
    """Append-only log of losses; views already returned never change.

    Parameters
    ----------
    curves : Curves, optional
        Initial curves.
    """

    def __init__(self, curves: Curves | None = None) -> None:
        self._series: dict[tuple[str, str], _Series] = {}
        for key, points in (curves or {}).items():
            self._series[key] = _Series()
            for x, y in zip(*points, strict=True):
                self._series[key].append(x, y)

    def add(self, split: str, epochs: float, losses: Losses) -> None:
        """Append one point to the curve of each loss."""
        for name, value in losses.items():
            self._series.setdefault((split, name), _Series()).append(epochs, value)

    def view(self) -> Curves:
        """Return all curves without copying them."""
        return {key: series.view() for key, series in self._series.items()}


class _Series:
    """Points in a buffer that doubles when full; earlier views keep their values."""

    def __init__(self) -> None:
        self._buffer = np.empty((2, 64))
        self._length = 0

    def append(self, x: float, y: float) -> None:
        if self._length == self._buffer.shape[1]:
            self._buffer = np.concatenate([self._buffer, np.empty_like(self._buffer)], axis=1)
        self._buffer[:, self._length] = x, y
        self._length += 1

    def view(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self._buffer[0, : self._length], self._buffer[1, : self._length]


LOSS_UNIT = "nats per image"
UNITS: Mapping[str, str] = {"perplexity": "codes"}
"""Units of the figures that are no losses, by the name of their curve."""


def unit_of(name: str) -> str:
    """Return the unit of a curve."""
    return UNITS.get(name, LOSS_UNIT)


def metrics_line(epoch: int, split: str, losses: Losses, seconds: float) -> str:
    """Return one line of ``metrics.jsonl``."""
    return json.dumps({"epoch": epoch, "split": split, **losses, "seconds": round(seconds, 4)})


def last_losses(folder: Path) -> dict[str, dict[str, float]]:
    """Return the losses of the last complete epoch of a run by split and name, nats per image."""
    found: dict[str, dict[str, float]] = {}
    for (split, name), (_, values) in read_curves(folder).items():
        if split == RUNNING:
            continue
        found.setdefault(split, {})[name] = float(values[-1])
    return found


def read_curves(folder: Path) -> Curves:
    """Read the curves of a run folder, skipping unreadable lines."""
    return curves_of(read_metrics(folder).records, read_steps(folder).records)


def read_metrics(folder: Path) -> Lines[Metrics]:
    """Read ``metrics.jsonl`` of a run folder."""
    return read_lines(folder / METRICS, _METRICS)


def curves_of(metrics: Sequence[Metrics], steps: Sequence[StepLosses] = ()) -> Curves:
    """Return the curves of epoch metrics in any order and of step losses."""
    log = CurveLog()
    for step in steps:
        log.add(RUNNING, step.epoch, step.losses)
    for each in sorted(metrics, key=lambda each: each.epoch):
        log.add(each.split, each.epoch, each.losses)
    return log.view()


def epochs_to_keep(epochs: tuple[int, ...]) -> tuple[int, ...]:
    """Return the epochs, of some ascending ones, whose previews are kept.

    These are the first in every `stride` epochs, where `stride` is a power of two that grows with
    the run, and the newest.
    """
    if not epochs:
        return ()
    first, last = epochs[0], epochs[-1]
    stride = 1
    while (last - first) // stride + 2 > MAX_PREVIEWS:
        stride *= 2
    heads = {(epoch - first) // stride: epoch for epoch in reversed(epochs)}
    return tuple(sorted({*heads.values(), last}))
