"""The one training loop, as a generator.

The command line prints what it yields, the window plots it, a test counts it. Stopping is not
asking for the next event.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np

from latentlab.errors import TrainingError
from latentlab.learning import device as devices
from latentlab.learning.events import EpochEnd, Event, Losses, Snapshot, Started, Step
from latentlab.learning.trainer import Meter, Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from latentlab.learning.recipe import Recipe

REPORT_EVERY = 0.05
"""Seconds between two steps that carry numbers: reading them waits for the device."""


def fit(
    recipe: Recipe,
    *,
    snapshot_every: float | None = None,
    keep: Callable[[Snapshot], None] | None = None,
) -> Generator[Event]:
    """Train the model of a recipe.

    Parameters
    ----------
    recipe : Recipe
        What to learn, from what, and how.
    snapshot_every : float, optional
        Seconds between snapshots for whoever looks on; None for none at all.
    keep : callable, optional
        Called with sound weights after every epoch, and when training ends, is stopped or
        fails.

    Yields
    ------
    Event
        ``Loading`` until the data is there, one ``Started``, a ``Step`` after each optimizer
        step, an ``EpochEnd`` after each epoch, and ``Snapshot`` in between where asked for.

    Raises
    ------
    DataError
        Where the images cannot be had.
    TrainingError
        Where the loss is no longer a number.
    """
    device = devices.pick(recipe.training.device)
    splits = yield from recipe.data.load()
    trainer = Trainer(recipe, splits, device)
    yield Started(
        recipe.to_dict(),
        splits,
        devices.describe(device),
        sum(weights.numel() for weights in trainer.model.parameters()),
        recipe.training.epochs,
        trainer.steps_per_epoch,
    )
    watch = Watch(trainer, snapshot_every)
    try:
        while trainer.epoch < recipe.training.epochs:
            if trainer.epoch and keep:
                keep(watch.last_good())
            yield from _epoch(trainer, watch)
    finally:
        if keep:
            keep(watch.last_good())


def _epoch(trainer: Trainer, watch: Watch) -> Generator[Event]:
    start = time.perf_counter()
    whole = Meter()
    for rows in trainer.epoch_batches():
        trainer.step(rows)
        yield watch.after_step(whole)
        if watch.wants_snapshot():
            yield watch.take_snapshot()
    watch.read(whole)
    trainer.epoch += 1
    middle = time.perf_counter()
    validation = trainer.validate()
    watch.check(validation)
    end = time.perf_counter()
    watch.mark_good()
    yield EpochEnd(
        trainer.epoch, trainer.step_count, whole.means(), validation, middle - start, end - middle
    )
    if watch.snapshot_every is not None:
        yield watch.take_snapshot()


class Watch:
    """Decides when a run reports numbers and snapshots, and whether they are sound.

    Parameters
    ----------
    trainer : Trainer
        The training to watch.
    snapshot_every : float or None
        Seconds between snapshots; None for none.
    """

    def __init__(self, trainer: Trainer, snapshot_every: float | None) -> None:
        self.snapshot_every = snapshot_every
        self._trainer = trainer
        self._steps = trainer.steps_per_epoch * trainer.recipe.training.epochs
        self._start = self._reported = time.perf_counter()
        self._images = 0
        self._snapshot_due = 0.0
        self._good = trainer.snapshot()
        self._diverged = False

    def after_step(self, whole: Meter) -> Step:
        """Describe the step just made, with numbers when they are due."""
        trainer, now = self._trainer, time.perf_counter()
        self._images += trainer.recipe.training.batch_size
        seconds = now - self._reported
        if seconds < REPORT_EVERY:
            return Step(trainer.step_count, trainer.epoch + 1)
        speed = self._images / seconds
        left = (now - self._start) / trainer.step_count * (self._steps - trainer.step_count)
        recent = self.read(whole)
        self._images, self._reported = 0, now
        return Step(trainer.step_count, trainer.epoch + 1, recent, speed, left)

    def read(self, whole: Meter) -> Losses:
        """Move what was measured since the last reading into `whole`; return the recent means.

        Raises
        ------
        TrainingError
            Where a loss is no longer a finite number.
        """
        recent = self._trainer.meter.means()
        whole.merge(self._trainer.meter)
        self._trainer.meter = Meter()
        self.check(recent)
        return recent

    def check(self, values: Losses) -> None:
        """Raise a `TrainingError` where a loss is no longer a finite number."""
        bad = [name for name, value in values.items() if not math.isfinite(value)]
        if bad:
            self._diverged = True
            raise TrainingError(
                f"At step {self._trainer.step_count} {bad[-1]} was no longer a number; the "
                f"weights of epoch {self._good.epoch} were kept.",
                "Try a smaller training.learning_rate.",
            )

    def wants_snapshot(self) -> bool:
        """Say whether an onlooker is due a new picture of the model."""
        return self.snapshot_every is not None and time.perf_counter() >= self._snapshot_due

    def take_snapshot(self) -> Snapshot:
        """Copy the weights for an onlooker."""
        self._snapshot_due = time.perf_counter() + (self.snapshot_every or 0.0)
        return self._trainer.snapshot()

    def mark_good(self) -> None:
        """Remember the present weights as sound."""
        self._good = self._trainer.snapshot()

    def last_good(self) -> Snapshot:
        """Return the weights worth keeping: the present ones unless they diverged.

        Losses are read now and then only, so a run stopped in between may have diverged unseen.
        """
        if self._diverged:
            return self._good
        now = self._trainer.snapshot()
        sound = all(np.isfinite(value).all() for value in now.weights.values())
        return now if sound else self._good
