"""Monitor of a run: losses, snapshots, saves, and checks that losses are finite."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np

from latentlab.errors import TrainingError
from latentlab.learning.advice import advice_on
from latentlab.learning.batch_loss import NotFiniteError, not_finite_error
from latentlab.learning.events import Losses, SavedState, Snapshot, Step
from latentlab.learning.loss_sums import LossTransfer
from latentlab.learning.pace import TrainingSpeed
from latentlab.learning.training_state import take_training_state

if TYPE_CHECKING:
    from latentlab.learning.steering import Controls
    from latentlab.learning.trainer import Trainer
    from latentlab.learning.training_state import TrainingState

REPORT_INTERVAL_S = 0.1
"""Seconds between two steps with losses."""
SAVE_INTERVAL_S = 5.0
"""Seconds between two saves; more frequent saves would slow down short epochs."""
PREVIEW_INTERVAL_S = 0.5


class Monitor:
    """Decides when a run reports losses, snapshots and saves, and checks that losses are finite.

    Parameters
    ----------
    trainer : Trainer
        Training to monitor.
    controls : Controls
        Sets the interval of the snapshots.
    position : TrainingState or None
        State that the run was resumed from, if any.
    keeps_best : bool
        Whether the weights of the best epoch are needed at the end.
    """

    def __init__(
        self,
        trainer: Trainer,
        controls: Controls,
        position: TrainingState | None,
        *,
        keeps_best: bool = False,
    ) -> None:
        self._trainer = trainer
        self._controls = controls
        self._excluded = 0.0
        self._reported = self._epoch_began = self.now()
        self._pace, self._reported_step = TrainingSpeed(self._reported), trainer.step_count
        self._epoch_ended = self._reported
        self._reading: LossTransfer | None = None
        self._snapshot_due = self._preview_due = 0.0
        self._saved_at: float = -math.inf
        # A resumed run too: it may have been killed before its checkpoint followed its state.
        self._saved_step = -1
        self._last_finite = trainer.snapshot()
        self._diverged = False
        self._resumed_seconds = position.seconds if position else 0.0
        self.best_loss = position.best_loss if position else None
        self.best_epoch = position.best_epoch if position else 0
        self.judged_by = position.judged_by if position else ""
        self._best: Snapshot | None = None
        self._keeps_best = keeps_best
        self.best_weights: Snapshot | None = None
        """Weights of the best epoch; None if it was before the run was resumed, or if they are not
        needed."""

    def now(self) -> float:
        """Return a clock in seconds that excludes time outside training."""
        return time.perf_counter() - self._excluded

    def away(self, seconds: float) -> None:
        """Exclude time outside training, such as a pause."""
        self._excluded += seconds

    # Losses

    def after_step(self) -> Step:
        """Return the event of the last step, with losses if they are due and have arrived.

        Raises
        ------
        TrainingError
            If a loss is not finite.
        """
        trainer, now = self._trainer, self.now()
        seconds = now - self._reported
        if self._reading is None and seconds >= REPORT_INTERVAL_S:
            taken = trainer.meter.take()
            trainer.whole.merge(taken)
            self._reading = LossTransfer(taken)
        if self._reading is None or not self._reading.arrived:
            return Step(trainer.step_count, trainer.epoch + 1)
        recent = self.check(self._reading.means())
        self._reading, self._reported = None, now
        self._pace.note(now, trainer.step_count - self._reported_step)
        self._reported_step = trainer.step_count
        steps = trainer.steps_per_epoch * trainer.recipe.training.epochs
        left = self._pace.seconds_for(steps - trainer.step_count)
        speed = self._pace.steps_per_second * trainer.images_per_step
        scheduled = trainer.scheduled
        return Step(trainer.step_count, trainer.epoch + 1, recent, speed, left, scheduled)

    def end_epoch(self) -> tuple[Losses, float]:
        """Return the mean losses and the seconds of the epoch; waits for the device."""
        trainer = self._trainer
        trainer.whole.merge(trainer.meter.take())
        self._reading = None
        whole = trainer.whole.take()
        if whole.sums is not None:
            images = whole.sums.new_tensor([float(whole.images)])
            trainer.team.add_up(whole.sums)
            trainer.team.add_up(images)
            whole.images = int(images)
        means = self.check(whole.means())
        self._epoch_ended = self.now()
        return means, self.seconds

    @property
    def seconds(self) -> float:
        """Duration of the current epoch so far."""
        return self._resumed_seconds + self.now() - self._epoch_began

    def begin_epoch(self) -> None:
        """Start the clock of the next epoch."""
        self._resumed_seconds, self._epoch_began = 0.0, self.now()
        self._pace.set_aside(self._epoch_began - self._epoch_ended)

    def check(self, values: Losses) -> Losses:
        """Return the losses; raise a `TrainingError` if one is not finite."""
        if not all(map(math.isfinite, values.values())):
            raise not_finite_error(values)
        return values

    def diverged(self, error: TrainingError) -> TrainingError:
        """Mark the current weights as unusable, and return the error with the step."""
        self._diverged = True
        trainer, advice = self._trainer, error.advice
        if isinstance(error, NotFiniteError):
            advice = advice_on(trainer.recipe, error.terms, first=trainer.step_count == 0)
        epoch = self._last_finite.epoch
        outcome = f"the weights of epoch {epoch} were kept" if epoch else "no epoch was complete"
        message = f"At step {trainer.step_count + 1} {error.message}; {outcome}."
        return TrainingError(message, advice)

    def update_best(self, loss: float) -> tuple[int, float]:
        """Return the epoch and the value of the best validation loss under the current objective.

        A growing beta changes the objective every epoch: the loss rises while the model improves.
        """
        trainer = self._trainer
        self._last_finite = trainer.snapshot()
        objective = trainer.recipe.objective
        judged_by = f"{objective!r} {objective.numbers(trainer.epochs)}"
        if self.best_loss is None or loss < self.best_loss or judged_by != self.judged_by:
            self.best_loss, self.best_epoch, self._best = loss, trainer.epoch, self._last_finite
            if self._keeps_best:
                self.best_weights = self._last_finite
        self.judged_by = judged_by
        return self.best_epoch, self.best_loss

    # Snapshots and saves

    def wants_snapshot(self, *, epoch_over: bool = False) -> bool:
        """Return whether a snapshot is due."""
        controls = self._controls
        due = time.perf_counter() >= self._snapshot_due
        return controls.wants_snapshot and (due or (epoch_over and not controls.one_at_a_time))

    def take_snapshot(self) -> Snapshot:
        """Return a snapshot and schedule the next one."""
        self._snapshot_due = time.perf_counter() + (self._controls.snapshot_every or 0.0)
        self._controls.taken()
        return self._trainer.snapshot()

    def wants_portrait(self, *, last: bool) -> bool:
        """Return whether a preview is due at the end of this epoch."""
        due = last or self._trainer.epoch == 1 or self.now() >= self._preview_due
        if due:
            self._preview_due = self.now() + PREVIEW_INTERVAL_S
        return due

    def wants_keeping(self) -> bool:
        """Return whether a save is due."""
        return self.now() - self._saved_at >= SAVE_INTERVAL_S

    def save_again(self) -> None:
        """Make the next save write the last and the best weights, whose losses have changed."""
        self._saved_step, self._best = -1, self.best_weights

    def take_saved(self) -> SavedState | None:
        """Return the state to save; None if it is already saved.

        Losses are read only at intervals, so a run stopped in between may have diverged undetected.
        """
        trainer = self._trainer
        if trainer.step_count == self._saved_step:
            return None
        best, self._best = self._best, None
        self._saved_at, self._saved_step = self.now(), trainer.step_count
        now = self._last_finite if self._diverged else trainer.snapshot()
        if not trainer.network_is_finite or not all(
            np.isfinite(value).all() for value in now.weights.values()
        ):
            now, self._diverged = self._last_finite, True
        if self._diverged:
            return SavedState(now, best)
        # Between epochs the duration is 0, even if the clock of the last one still runs.
        seconds = self.seconds if trainer.position else 0.0
        position = take_training_state(
            trainer, self.best_loss, self.best_epoch, self.judged_by, seconds
        )
        return SavedState(now, best, position)
