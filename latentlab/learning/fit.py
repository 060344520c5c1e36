"""The one training loop, as a generator.

The command line prints what it yields, the window plots it, a test counts it. Stopping is not
asking for the next event, and neither is pausing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from latentlab.errors import RecipeError, TrainingError
from latentlab.learning.evaluate import portray, validate
from latentlab.learning.events import Change, EpochEnd, Event, Saved, Started
from latentlab.learning.fast import device as devices
from latentlab.learning.fast.distributed import local_device, team
from latentlab.learning.monitor import Monitor
from latentlab.learning.steering import STEERABLE, Controls
from latentlab.learning.trainer import Trainer
from latentlab.learning.training_state import restore

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    import torch

    from latentlab.data.image_set import Splits
    from latentlab.learning.recipe import Recipe
    from latentlab.learning.training_state import Position
    from latentlab.models.base import Model
    from latentlab.work import Progress


def fit(
    recipe: Recipe,
    *,
    controls: Controls | None = None,
    keep: Callable[[Saved], None] | None = None,
    resume: Position | None = None,
    changes: Iterable[Change] = (),
    data: Generator[Progress, None, Splits] | None = None,
) -> Generator[Event, None, Model]:
    """Train the model of a recipe.

    `latentlab.work.finish` runs it to its end and returns the model.

    Parameters
    ----------
    recipe : Recipe
        What to learn, from what, and how.
    controls : Controls, optional
        Change the run under way, and say how often a snapshot is wanted.
    keep : callable, optional
        Called with what is worth saving now and then, and when training ends, is stopped or
        fails.
    resume : Position, optional
        Where an earlier run of the same recipe stood; this one goes on exactly from there.
    changes : iterable of Change
        Those that the earlier run had seen; made again, each at its step.
    data : generator, optional
        Where the images come from; by default, the recipe's own ``data.load()``.

    Yields
    ------
    Event
        ``Progress`` until the data is there, one ``Started``, a ``Step`` after each optimizer
        step, an ``EpochEnd`` after each epoch, and ``Change``, ``Snapshot``, ``EpochPreview``.

    Returns
    -------
    Model
        As it is in the end, on the CPU.

    Raises
    ------
    DataError
        Where the images cannot be had.
    RecipeError
        Where a batch does not fit into memory.
    TrainingError
        Where the loss is no longer a number.
    """
    controls = controls or Controls()
    device = local_device(devices.pick(recipe.training.device))
    splits = yield from (data or recipe.data.load())
    trainer = _trainer(recipe, splits, device, controls)
    replay = _go_on(trainer, resume, changes)
    watch = Monitor(trainer, controls, resume)
    yield _started(trainer, splits, devices.describe(device))
    steering = _Steering(trainer, controls, replay)
    with devices.training_on(device):
        yield from _timed(_learn(trainer, watch, steering, keep), watch)
    return trainer.shown.cpu().eval()


def _trainer(recipe: Recipe, splits: Splits, device: torch.device, controls: Controls) -> Trainer:
    trainer = Trainer(recipe, splits, device, team(device))
    if controls.spare_core and device.type == "cpu":
        devices.spare_core(trainer.model)
    return trainer


def _started(trainer: Trainer, splits: Splits, device: str) -> Started:
    return Started(
        trainer.recipe.to_dict(),
        splits,
        device,
        sum(weights.numel() for weights in trainer.model.parameters()),
        trainer.recipe.training.epochs,
        trainer.steps_per_epoch,
        step=trainer.step_count,
    )


def _go_on(trainer: Trainer, resume: Position | None, changes: Iterable[Change]) -> list[Change]:
    """Bring a trainer to where a run stood; return the changes that are still to be made."""
    replay = sorted(changes, key=lambda change: change.step)
    if resume is None:
        return replay
    restore(trainer, resume)
    for change in [change for change in replay if change.step <= resume.step]:
        trainer.change(trainer.recipe.changed(change.key, change.value))
        replay.remove(change)
    return replay


def _timed(events: Generator[Event], watch: Monitor) -> Generator[Event]:
    """Pass events on, and leave the time out that is spent with them."""
    try:
        for event in events:
            handed = time.perf_counter()
            yield event
            watch.away(time.perf_counter() - handed)
    finally:
        events.close()


def _learn(
    trainer: Trainer, watch: Monitor, steering: _Steering, keep: Callable[[Saved], None] | None
) -> Generator[Event]:
    def save() -> None:
        if keep and trainer.team.leads and (saved := watch.take_saved()):
            keep(saved)

    try:
        # From now on the run can be opened and resumed, whatever happens to it.
        save()
        over = False
        while not over:
            yield from steering.apply()
            if trainer.epoch >= trainer.recipe.training.epochs:
                break
            over = yield from _epoch(trainer, watch, steering)
            if watch.wants_keeping():
                save()
    except TrainingError as error:
        raise watch.diverged(error) from error
    except (RuntimeError, MemoryError) as error:
        if not devices.out_of_memory(error):
            raise
        raise trainer.too_large() from error
    finally:
        save()


def _epoch(trainer: Trainer, watch: Monitor, steering: _Steering) -> Generator[Event, None, bool]:
    """Train for an epoch; return whether it was the last."""
    for _ in trainer.epoch_steps():
        yield watch.after_step()
        yield from steering.apply()
        if watch.wants_snapshot():
            yield watch.take_snapshot()
    train, seconds = watch.end_epoch()
    middle = watch.now()
    validation, latents = validate(trainer)
    watch.check(validation)
    best_epoch, best_loss = watch.update_best(validation["loss"])
    training = trainer.recipe.training
    plateau = trainer.epoch - best_epoch
    over = trainer.epoch >= training.epochs or 0 < training.patience <= plateau
    yield EpochEnd(
        trainer.epoch,
        trainer.step_count,
        train,
        validation,
        seconds,
        watch.now() - middle,
        latents,
        best_epoch,
        best_loss,
        devices.memory_in_use(trainer.device),
    )
    if watch.wants_portrait(last=over):
        yield portray(trainer)
    if watch.wants_snapshot(epoch_over=True):
        yield watch.take_snapshot()
    watch.begin_epoch()
    return over


class _Steering:
    """Changes the recipe under way: as somebody wishes now, or as it was changed before."""

    def __init__(self, trainer: Trainer, controls: Controls, replay: list[Change]) -> None:
        self._trainer = trainer
        self._controls = controls
        self._replay = replay

    def apply(self) -> Generator[Change]:
        """Make the changes that are due."""
        while self._replay and self._replay[0].step <= self._trainer.step_count:
            change = self._replay.pop(0)
            yield self._change(change.key, change.value)
        for key, value in self._controls.wishes():
            yield self._change(key, value)

    def _change(self, key: str, value: float) -> Change:
        trainer = self._trainer
        problem = ""
        if key.startswith(STEERABLE):
            try:
                trainer.change(trainer.recipe.changed(key, value))
            except RecipeError as error:
                problem = str(error)
        else:
            problem = f"{key} cannot be changed while a run goes on"
        return Change(trainer.step_count, trainer.epochs, key, value, problem)
