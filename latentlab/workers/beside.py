"""Runs of the queue that train beside the current one, on the CPU's other cores."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Signal, Slot

from latentlab.session.runs import Run

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.session.runs import TrainingJob
    from latentlab.workers.job import Outcome
    from latentlab.workers.training import Training


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
    ended = Signal(object, object)
    """The ``Outcome`` of one, and its run folder or None."""

    def __init__(self, training: Training, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._training = training
        self._runs: dict[Training, Run] = {}
        """The progress of each runner, in the order in which they were started."""

    def start(self, job: TrainingJob) -> None:
        """Start a new run."""
        runner = self._training.beside()
        runner.progressed.connect(self._on_progressed)
        runner.ended.connect(self._on_ended)
        self._runs[runner] = Run(recipe=job.recipe)
        runner.start(job)

    def stop(self, index: int) -> None:
        """Stop and keep one run; the others go on."""
        [*self._runs][index].stop(discard=False)

    def close(self) -> None:
        """Stop all runs, and wait until they are saved."""
        for runner in tuple(self._runs):
            runner.close()

    @Slot(object)
    def _on_progressed(self, run: Run) -> None:
        runner = cast("Training", self.sender())
        # As queued, without what the run has completed: rows are told apart by their recipes.
        self._runs[runner] = replace(run, recipe=self._runs[runner].recipe)
        self.progressed.emit(tuple(self._runs.values()))

    @Slot(object, object, bool)
    def _on_ended(self, outcome: Outcome, folder: Path | None, _discard: bool) -> None:
        runner = cast("Training", self.sender())
        del self._runs[runner]
        runner.deleteLater()
        self.progressed.emit(tuple(self._runs.values()))
        self.ended.emit(outcome, folder)
