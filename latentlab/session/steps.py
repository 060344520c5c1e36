"""Losses within the epochs, as a run folder keeps them: so many points, however long the run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from pydantic import ConfigDict, Field, TypeAdapter

from latentlab.files import write_atomically
from latentlab.json_files import Lines, Record, read_lines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latentlab.learning.events import Losses

FILE = "steps.jsonl"
MOST = 2000
"""Points that are kept; where there are more, every other one goes."""

ROUNDING = 1e-6
Loss = Annotated[float, Field(ge=-1e30, le=1e30)]
"""Nats per image, of a size that a loss can have."""


class StepLosses(Record):
    """One line of ``steps.jsonl``: besides the epoch, each loss under its name."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Loss]

    epoch: Annotated[float, Field(ge=0, le=1e9)]

    @property
    def losses(self) -> Losses:
        """The losses by name, nats per image."""
        return self.__pydantic_extra__


_STEP = TypeAdapter(StepLosses)


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

    def go_on(self, epochs: float) -> None:
        """Begin with what an earlier part of the run has left, and forget what came after."""
        kept = (
            step for step in read_steps(self._folder).records if step.epoch <= epochs + ROUNDING
        )
        self._points = [(step.epoch, step.losses) for step in kept]
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


def read_steps(folder: Path) -> Lines[StepLosses]:
    """Read ``steps.jsonl`` of a run folder."""
    return read_lines(folder / FILE, _STEP)
