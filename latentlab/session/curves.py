"""Loss curves that grow while a run goes on, and that a run folder keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.steps import read_steps

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.learning.events import Losses

METRICS = "metrics.jsonl"
RUNNING, TRAIN, VALIDATION = "running", "train", "validation"
OTHER_KEYS = {"epoch", "split", "seconds"}

Curves = Mapping[tuple[str, str], "tuple[NDArray[np.float64], NDArray[np.float64]]"]
"""From (split, loss name) to epochs and nats per image. Splits: ``running`` within an epoch,
``train`` and ``validation`` at its end."""


class CurveLog:
    """Appends losses to buffers; what it has shown once never changes.

    Parameters
    ----------
    curves : Curves, optional
        What it begins with.
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
        """Return all curves so far without copying them."""
        return {key: series.view() for key, series in self._series.items()}


class _Series:
    """Pairs of numbers in a buffer that doubles; views of its beginning stay as they are."""

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


def metrics_line(epoch: int, split: str, losses: Losses, seconds: float) -> str:
    """Return one line of ``metrics.jsonl``."""
    return json.dumps({"epoch": epoch, "split": split, **losses, "seconds": round(seconds, 4)})


def last_losses(folder: Path) -> dict[str, dict[str, float]]:
    """Return the losses of a run folder's last whole epoch by split, nats per image."""
    found: dict[str, dict[str, float]] = {}
    for (split, name), (_, values) in read_curves(folder).items():
        if split == RUNNING:
            continue
        found.setdefault(split, {})[name] = float(values[-1])
    return found


def read_curves(folder: Path) -> Curves:
    """Read the curves of a run folder; a half-written last line is left out."""
    log = CurveLog()
    for epochs, losses in read_steps(folder):
        log.add(RUNNING, epochs, losses)
    try:
        lines = (folder / METRICS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return log.view()
    for line in lines:
        try:
            values = json.loads(line)
            losses = {
                name: float(value) for name, value in values.items() if name not in OTHER_KEYS
            }
            log.add(values["split"], values["epoch"], losses)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return log.view()
