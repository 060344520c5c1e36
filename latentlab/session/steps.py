"""Losses within the epochs, as a run folder keeps them: so many points, however long the run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from latentlab.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latentlab.learning.events import Losses

FILE = "steps.jsonl"
MOST = 2000
"""Points that are kept; where there are more, every other one goes."""

ROUNDING = 1e-6


class StepLog:
    """Collects losses of steps and writes them into a run folder.

    Parameters
    ----------
    folder : Path
        The run's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._points: list[tuple[float, Losses]] = []
        self._stride = self._skipped = 1

    def go_on(self, points: list[tuple[float, Losses]], epochs: float) -> None:
        """Begin with what an earlier part of the run has left, and forget what came after."""
        self._points = [point for point in points if point[0] <= epochs + ROUNDING]
        self.write()

    def add(self, epochs: float, losses: Mapping[str, float]) -> None:
        """Take the losses of a step at so many epochs, or leave it out."""
        self._skipped += 1
        if self._skipped < self._stride:
            return
        self._skipped = 0
        self._points.append((epochs, dict(losses)))
        if len(self._points) > MOST:
            self._points, self._stride = self._points[::2], 2 * self._stride

    def write(self) -> None:
        """Write all points.

        Raises
        ------
        RunError
            Where the folder cannot be written.
        """
        lines = [f"{_line(epochs, losses)}\n" for epochs, losses in self._points]
        write_atomically(self._folder / FILE, "".join(lines).encode())


def _line(epochs: float, losses: Losses) -> str:
    values = {name: float(f"{value:.6g}") for name, value in losses.items()}
    return json.dumps({"epoch": round(epochs, 6), **values})


def read_steps(folder: Path) -> list[tuple[float, Losses]]:
    """Read the points of a run folder; lines that cannot be read are left out."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    points: list[tuple[float, Losses]] = []
    for line in lines[: 2 * MOST]:
        try:
            values = {name: float(value) for name, value in json.loads(line).items()}
            points.append((values.pop("epoch"), values))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            continue
    return points
