"""What a run tells while it goes on: numbers, snapshots, and whether all is well."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np

from latentlab.errors import TrainingError
from latentlab.learning.advice import advice_on
from latentlab.learning.batch_loss import NotFiniteError, not_finite
from latentlab.learning.events import Losses, Saved, Snapshot, Step
from latentlab.learning.loss_sums import Reading
from latentlab.learning.pace import Pace
from latentlab.learning.training_state import take_position

if TYPE_CHECKING:
    from latentlab.learning.steering import Controls
    from latentlab.learning.trainer import Trainer
    from latentlab.learning.training_state import Position

REPORT_EVERY = 0.1
"""Seconds between two steps that carry numbers."""
KEEP_EVERY = 5.0
"""Seconds between two savings: more would cost a short epoch its speed."""
PORTRAY_EVERY = 0.5


class Monitor:
    """Decides when a run reports numbers and snapshots, and whether they are sound.

    Parameters
    ----------
    trainer : Trainer
        The training to watch.
    controls : Controls
        Says how often whoever looks on wants a snapshot.
    position : Position or None
        Where the run had stood, if it goes on from there.
    """

    def __init__(self, trainer: Trainer, controls: Controls, position: Position | None) -> None:
        self._trainer = trainer
        self._controls = controls
        self._away = 0.0
        self._reported = self._epoch_began = self.now()
        self._pace, self._told_step = Pace(self._reported), trainer.step_count
        self._epoch_ended = self._reported
        self._reading: Reading | None = None
        self._snapshot_due = self._portrait_due = 0.0
        self._kept: float = -math.inf
        self._kept_step = trainer.step_count if position else -1
        self._good = trainer.snapshot()
        self._diverged = False
        self._earlier = position.seconds if position else 0.0
        self.best_loss = position.best_loss if position else None
        self.best_epoch = position.best_epoch if position else 0
        self.judged_by = position.judged_by if position else ""
        self._best: Snapshot | None = None

    def now(self) -> float:
        """Return a clock that stands still while somebody looks at an event."""
        return time.perf_counter() - self._away

    def away(self, seconds: float) -> None:
        """Leave time out that was not the training's own, as when it was paused."""
        self._away += seconds

    # Numbers

    def after_step(self) -> Step:
        """Describe the step just made, with numbers when they are due and have come over.

        Raises
        ------
        TrainingError
            Where a loss is no longer a finite number.
        """
        trainer, now = self._trainer, self.now()
        seconds = now - self._reported
        if self._reading is None and seconds >= REPORT_EVERY:
            taken = trainer.meter.take()
            trainer.whole.merge(taken)
            self._reading = Reading(taken)
        if self._reading is None or not self._reading.arrived:
            return Step(trainer.step_count, trainer.epoch + 1)
        recent = self.check(self._reading.means())
        self._reading, self._reported = None, now
        self._pace.note(now, trainer.step_count - self._told_step)
        self._told_step = trainer.step_count
        steps = trainer.steps_per_epoch * trainer.recipe.training.epochs
        left = self._pace.seconds_for(steps - trainer.step_count)
        speed = self._pace.steps_per_second * trainer.images_per_step
        return Step(trainer.step_count, trainer.epoch + 1, recent, speed, left)

    def end_epoch(self) -> tuple[Losses, float]:
        """Return the means of the epoch's losses, and its seconds; waits for the device."""
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
        """How long the epoch under way has taken."""
        return self._earlier + self.now() - self._epoch_began

    def begin_epoch(self) -> None:
        """Start the clock of the next epoch."""
        self._earlier, self._epoch_began = 0.0, self.now()
        self._pace.set_aside(self._epoch_began - self._epoch_ended)

    def check(self, values: Losses) -> Losses:
        """Return losses that are finite numbers; raise a `TrainingError` where one is none."""
        if not all(map(math.isfinite, values.values())):
            raise not_finite(values)
        return values

    def diverged(self, error: TrainingError) -> TrainingError:
        """Remember that the present weights are worthless, and say where that happened."""
        self._diverged = True
        trainer, advice = self._trainer, error.advice
        if isinstance(error, NotFiniteError):
            advice = advice_on(trainer.recipe, error.terms, first=trainer.step_count == 0)
        return TrainingError(
            f"At step {trainer.step_count + 1} {error.message}; the weights of epoch "
            f"{self._good.epoch} were kept.",
            advice,
        )

    def update_best(self, loss: float) -> tuple[int, float]:
        """Return when the validation loss was lowest since the objective last changed, and it.

        Under a growing beta the loss rises while the model gets better: no best then.
        """
        trainer = self._trainer
        self._good = trainer.snapshot()
        objective = trainer.recipe.objective
        judged_by = f"{objective!r} {objective.numbers(trainer.epochs)}"
        if self.best_loss is None or loss < self.best_loss or judged_by != self.judged_by:
            self.best_loss, self.best_epoch, self._best = loss, trainer.epoch, self._good
        self.judged_by = judged_by
        return self.best_epoch, self.best_loss

    # Copies

    def wants_snapshot(self, *, epoch_over: bool = False) -> bool:
        """Say whether an onlooker is due a new picture of the model."""
        controls = self._controls
        due = time.perf_counter() >= self._snapshot_due
        return controls.wants_snapshot and (due or (epoch_over and not controls.one_at_a_time))

    def take_snapshot(self) -> Snapshot:
        """Copy the weights for an onlooker."""
        self._snapshot_due = time.perf_counter() + (self._controls.snapshot_every or 0.0)
        self._controls.taken()
        return self._trainer.snapshot()

    def wants_portrait(self, *, last: bool) -> bool:
        """Say whether the model should be portrayed at the end of this epoch."""
        due = last or self._trainer.epoch == 1 or self.now() >= self._portrait_due
        if due:
            self._portrait_due = self.now() + PORTRAY_EVERY
        return due

    def wants_keeping(self) -> bool:
        """Say whether what was learned should be saved now."""
        return self.now() - self._kept >= KEEP_EVERY

    def take_saved(self) -> Saved | None:
        """Copy what is worth keeping; None where it was kept before.

        Losses are read now and then only, so a run stopped in between may have diverged unseen.
        """
        trainer = self._trainer
        if trainer.step_count == self._kept_step:
            return None
        best, self._best = self._best, None
        self._kept, self._kept_step = self.now(), trainer.step_count
        now = self._good if self._diverged else trainer.snapshot()
        if not all(np.isfinite(value).all() for value in now.weights.values()):
            now, self._diverged = self._good, True
        if self._diverged:
            return Saved(now, best)
        # Between two epochs none is under way, even while the last is still looked at.
        seconds = self.seconds if trainer.position else 0.0
        position = take_position(trainer, self.best_loss, self.best_epoch, self.judged_by, seconds)
        return Saved(now, best, position)
