"""Runs of the queue that train beside the current one, on the CPU's other cores."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import psutil
from PySide6.QtCore import QObject, Signal, Slot

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.session.runs import Run, TrainingJob
    from latentlab.workers.job import Outcome
    from latentlab.workers.training import Training


def core_count() -> int:
    """Return the number of cores for runs: one less than there are, so that the window is quick.

    Two threads of one core count once, as in torch.
    """
    return max(1, (psutil.cpu_count(logical=False) or 1) - 1)


class RunsBeside(QObject):
    """Runs beside the current one; each has a runner of its own, and no updates of its weights.

    All methods run on the GUI thread.

    Parameters
    ----------
    training : Training
        Runner of the current run, which makes those of the others.
    """

    progressed = Signal(object)
    """The ``Run`` of each, as a tuple."""
    ended = Signal(object)
    """The ``Outcome`` of one."""

    def __init__(self, training: Training, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._training = training
        self._runners: list[Training] = []
        self._runs: list[Run] = []

    def start(self, job: TrainingJob) -> None:
        """Start a new run."""
        runner = self._training.beside()
        runner.progressed.connect(self._on_progressed)
        runner.ended.connect(self._on_ended)
        self._runners.append(runner)
        runner.start(job)

    def stop(self, index: int) -> None:
        """Stop and keep one run; the others go on."""
        self._runners[index].stop(discard=False)

    def close(self) -> None:
        """Stop all runs, and wait until they are saved."""
        for runner in tuple(self._runners):
            runner.close()

    def _position_of_sender(self) -> int:
        sender = self.sender()
        return next(i for i, runner in enumerate(self._runners) if runner is sender)

    @Slot(object)
    def _on_progressed(self, run: Run) -> None:
        index = self._position_of_sender()
        if index == len(self._runs):
            self._runs.append(run)
        # As queued, without what the run has completed: rows are told apart by their recipes.
        self._runs[index] = replace(run, recipe=self._runs[index].recipe)
        self.progressed.emit(tuple(self._runs))

    @Slot(object, object, bool)
    def _on_ended(self, outcome: Outcome, _folder: Path | None, _discard: bool) -> None:
        index = self._position_of_sender()
        self._runners.pop(index).deleteLater()
        del self._runs[index]
        self.progressed.emit(tuple(self._runs))
        self.ended.emit(outcome)
