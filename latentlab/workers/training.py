"""Training in the window: starts and stops the job and tells what it reports."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QObject, Signal, Slot

from latentlab.learning.events import EpochEnd, Event, Snapshot, Started, Step
from latentlab.session.curves import RUNNING, TRAIN, VALIDATION, CurveLog, Curves
from latentlab.session.requests import Adopt
from latentlab.session.state import Run
from latentlab.workers.job import Job, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from latentlab.data.base import Loading

    Train = Callable[[Mapping[str, Any]], Generator[Event]]


class Training(QObject):
    """At most one run at a time; all methods run on the GUI thread.

    Parameters
    ----------
    train : callable
        Takes a recipe as plain values and returns the events of its run; called on the job's
        thread.
    """

    progressed = Signal(object)
    """A ``Run``, at most 20 times a second."""
    adoptable = Signal(object)
    """An ``Adopt`` request with the latest weights."""
    ended = Signal(object, object, bool)
    """The ``Outcome``, the run's folder or None, and whether to throw it away."""

    def __init__(self, train: Train, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._train = train
        self._job: Job | None = None
        self._reset()

    def _reset(self) -> None:
        self._run = Run()
        self._log = CurveLog()
        self._started: Started | None = None
        self._discard = False

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self._job is not None

    @property
    def curves(self) -> Curves:
        """The curves of the run so far."""
        return self._log.view()

    def start(self, recipe: Mapping[str, Any]) -> None:
        """Begin a run; there must be none."""
        self._reset()
        train = self._train
        self._job = Job(lambda: train(recipe), self)
        self._job.happened.connect(self._on_event)
        self._job.ended.connect(self._on_ended)
        self._job.start()
        self.progressed.emit(self._run)

    def stop(self, *, discard: bool) -> None:
        """Ask the run to end within a batch, to keep or to throw away what it learned."""
        if self._job:
            self._discard = discard
            self._job.requestInterruption()
            self._tell(phase="stopping")

    def close(self) -> None:
        """Stop, wait until all is saved, and tell how it ended."""
        if self._job:
            self._job.requestInterruption()
            self._job.wait()
            # No event loop may come after this to deliver what the job's thread has sent.
            QCoreApplication.sendPostedEvents(self)

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        match event:
            case Started():
                self._started = event
                self._tell(phase="training", device=event.device, epochs=event.epochs, fraction=0.0)
            case Step():
                self._on_step(event)
            case EpochEnd():
                self._on_epoch(event)
            case Snapshot():
                self._on_snapshot(event)
            case _:
                self._on_loading(event)

    def _on_loading(self, event: Loading) -> None:
        self._tell(message=event.message, fraction=event.fraction)

    def _on_step(self, event: Step) -> None:
        assert self._started
        per_epoch = self._started.steps_per_epoch
        self._log.add(RUNNING, event.step / per_epoch, event.losses or {})
        self._tell(
            epoch=event.epoch,
            fraction=event.step / (per_epoch * self._started.epochs),
            images_per_second=event.images_per_second,
            seconds_left=event.seconds_left,
        )

    def _on_epoch(self, event: EpochEnd) -> None:
        self._log.add(TRAIN, event.epoch, event.train)
        self._log.add(VALIDATION, event.epoch, event.validation)
        loss = event.validation["loss"]
        best = self._run.best_loss is None or loss < self._run.best_loss
        self._tell(
            seconds_per_epoch=event.seconds + event.validation_seconds,
            validation_loss=loss,
            best_loss=loss if best else self._run.best_loss,
            best_epoch=event.epoch if best else self._run.best_epoch,
        )

    def _on_snapshot(self, event: Snapshot) -> None:
        assert self._started
        started = self._started
        self.adoptable.emit(
            Adopt(started.recipe, started.splits, event.weights, event.epoch, started.folder)
        )

    def _tell(self, **changes: Any) -> None:
        if self._run.phase == "stopping":
            changes.pop("phase", None)
        self._run = replace(self._run, **changes)
        self.progressed.emit(self._run)

    @Slot(object)
    def _on_ended(self, outcome: Outcome) -> None:
        assert self._job
        self._job.wait()
        self._job.deleteLater()
        self._job = None
        folder: Path | None = self._started.folder if self._started else None
        self.ended.emit(outcome, folder, self._discard)
