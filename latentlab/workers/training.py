"""Training in the window: starts and stops the job and forwards its events."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QObject, Signal, Slot

from latentlab.learning.events import (
    Change,
    EpochEnd,
    EpochPreview,
    FinalTest,
    Snapshot,
    Started,
    Step,
)
from latentlab.learning.steering import Controls
from latentlab.session.curves.curves import (
    RUNNING,
    TEST,
    TRAIN,
    VALIDATION,
    CurveLog,
    epochs_to_keep,
)
from latentlab.session.curves.latent_curves import LatentLog
from latentlab.session.diagnosis.diagnose import diagnose
from latentlab.session.model import Adopt
from latentlab.session.recipes import with_value
from latentlab.session.runs import Run, RunLog, TrainingJob
from latentlab.work import Progress
from latentlab.workers.job import Job, Outcome
from latentlab.workers.looks import UpdateThrottle

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    Train = Callable[[TrainingJob, Controls], Generator[object]]


class Training(QObject):
    """Runner of at most one training job at a time; all methods run on the GUI thread.

    Parameters
    ----------
    train : callable
        Takes a training job and controls, and returns a generator of events; called on the job's
        thread.
    rhythm : float or None
        Seconds between two updates of the shown weights; None for no updates.
    """

    progressed = Signal(object)
    """A ``Run``, at most ten times a second."""
    refused = Signal(str)
    """Reason why a value could not be changed during training."""
    adoptable = Signal(object)
    """An ``Adopt`` request with the latest weights; the next follows after `adopted`."""
    ended = Signal(object, object, bool)
    """The ``Outcome``, the run folder or None, and whether to discard it."""

    def __init__(
        self, train: Train, parent: QObject | None = None, *, rhythm: float | None = 1.0
    ) -> None:
        super().__init__(parent)
        self._train = train
        self._job: Job | None = None
        self._looks = UpdateThrottle(self)
        self._looks.due.connect(self.look_again)
        self.rhythm = rhythm
        self._reset()

    def _reset(self) -> None:
        self._run = Run()
        self._curves = CurveLog()
        self._latents = LatentLog()
        self.past = RunLog()
        self._controls = Controls(self.rhythm, one_at_a_time=True)
        self._started: Started | None = None
        self._discard = False

    def beside(self) -> Training:
        """Return another runner, which gives no weights to show while its run learns."""
        return Training(self._train, self.parent(), rhythm=None)

    @property
    def running(self) -> bool:
        """Whether a run is in progress."""
        return self._job is not None

    @property
    def folder(self) -> Path | None:
        """Folder of the current run; None if there is none yet."""
        return self._started.folder if self._job and self._started else None

    @property
    def recipe(self) -> Mapping[str, Any]:
        """Recipe of the current run, including changes; empty without a run."""
        return self._run.recipe if self._job else {}

    def start(self, order: TrainingJob) -> None:
        """Start or resume a run; no other may be in progress."""
        self._reset()
        self._run = Run(recipe=order.recipe, resumed=order.folder is not None)
        train, controls = self._train, self._controls
        self._job = Job(lambda: train(order, controls), self)
        self._job.happened.connect(self._on_event)
        self._job.ended.connect(self._on_ended)
        self._job.start()
        self.progressed.emit(self._run)

    def stop(self, *, discard: bool) -> None:
        """Stop the run at the next event, and keep or discard it."""
        if self._job:
            self._discard = discard
            self._job.interrupt()
            self._tell(phase="stopping")

    def pause(self) -> None:
        """Pause the run."""
        if self._job and self._run.phase == "training":
            self._job.pause()
            self._tell(phase="paused")

    def go_on(self) -> None:
        """Resume the run after a pause."""
        if self._job and self._run.phase == "paused":
            self._tell(phase="training")
            self._job.go_on()

    def steer(self, key: str, value: float) -> None:
        """Change a value of the run's recipe before its next step."""
        self._controls.steer(key, value)

    def set_rhythm(self, seconds: float) -> None:
        """Set the interval between two updates of the shown model."""
        self.rhythm = self._controls.snapshot_every = seconds

    @Slot()
    def look_again(self) -> None:
        """Request the next weights as soon as they are due."""
        self._controls.seen()

    def adopted(self) -> None:
        """Request the next weights, on the CPU after the interval set by `UpdateThrottle`."""
        if self._run.device == "CPU":
            self._looks.end()
        else:
            self.look_again()

    def close(self) -> None:
        """Stop the run, wait until it is saved, and emit `ended`."""
        self._looks.close()
        if self._job:
            self._job.interrupt()
            self._job.wait()
            # The event loop may not run again, so deliver the signals of the job's thread here.
            QCoreApplication.sendPostedEvents(self)

    @Slot(object)
    def _on_event(self, event: object) -> None:
        match event:
            case Progress():
                self._tell(message=event.message, fraction=event.fraction)
            case Started():
                self._on_started(event)
            case RunLog():
                self._on_past(event)
            case Step():
                self._on_step(event)
            case EpochEnd():
                self._on_epoch(event)
            case FinalTest():
                self._on_tested(event)
            case Change():
                self._on_change(event)
            case EpochPreview():
                moments = epochs_to_keep((*self.past.moments, event.epoch))
                self._learn(portrait=event, moments=moments)
                self._tell()
            case Snapshot():
                self._on_snapshot(event)

    def _on_started(self, event: Started) -> None:
        self._started = event
        self._tell(
            phase="training",
            device=event.device,
            precision=event.precision,
            epochs=event.epochs,
            fraction=0.0,
            recipe=event.recipe,
            folder=event.folder,
            patience=event.recipe["training"]["patience"],
        )

    def _on_past(self, past: RunLog) -> None:
        """Load the curves of a resumed run."""
        self.past = past
        self._curves = CurveLog(past.curves)
        self._latents = LatentLog(past.latents)
        self._tell()

    def _on_step(self, event: Step) -> None:
        assert self._started
        per_epoch = self._started.steps_per_epoch
        self._curves.add(RUNNING, event.step / per_epoch, event.losses or {})
        self._learn(curves=self._curves.view())
        self._tell(
            epoch=event.epoch,
            fraction=event.step / (per_epoch * max(1, self._run.epochs)),
            images_per_second=event.images_per_second,
            seconds_left=event.seconds_left,
            scheduled=event.scheduled or self._run.scheduled,
        )

    def _on_epoch(self, event: EpochEnd) -> None:
        self._curves.add(TRAIN, event.epoch, event.train)
        self._curves.add(VALIDATION, event.epoch, event.validation)
        if event.latents is not None:
            self._latents.add(event.epoch, event.latents)
        curves, latents = self._curves.view(), self._latents.view()
        findings = diagnose(curves, latents, self._run.recipe, self.past.changes)
        self._learn(curves=curves, latents=latents, findings=findings)
        self._tell(
            seconds_per_epoch=event.seconds + event.validation_seconds,
            validation_loss=event.validation["loss"],
            rate=event.validation.get("kl"),
            distortion=event.validation.get("reconstruction"),
            best_loss=event.best_loss,
            best_epoch=event.best_epoch,
            plateau=event.epoch - event.best_epoch,
            memory=event.memory,
        )

    def _on_tested(self, event: FinalTest) -> None:
        if event.best_losses and event.best_epoch < event.epoch:
            self._curves.add(TEST, event.best_epoch, event.best_losses)
        self._curves.add(TEST, event.epoch, event.losses)
        self._learn(curves=self._curves.view())
        self._tell()

    def _on_change(self, change: Change) -> None:
        if change.problem:
            self.refused.emit(change.problem)
            return
        recipe = with_value(self._run.recipe, change.key, change.value)
        self._learn(changes=(*self.past.changes, change))
        training = recipe["training"]
        self._tell(recipe=recipe, epochs=training["epochs"], patience=training["patience"])

    def _on_snapshot(self, event: Snapshot) -> None:
        assert self._started
        started = self._started
        self._looks.begin()
        self.adoptable.emit(
            Adopt(started.recipe, started.splits, event.weights, event.epoch, started.folder)
        )

    def _learn(self, **changes: Any) -> None:
        self.past = replace(self.past, **changes)

    def _tell(self, **changes: Any) -> None:
        # Events sent before the stop may arrive after it.
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
        # Release the images of the run; the open model has its own.
        self._started = None
        self.ended.emit(outcome, folder, self._discard)
