"""The training loop, as a generator of events.

The command line prints the events, the window plots them, a test counts them. Training pauses
or stops when the next event is not requested.
"""

from __future__ import annotations

import time
from traceback import clear_frames
from typing import TYPE_CHECKING

from latentlab.data.binarize import read_binarized
from latentlab.data.leave_out import of_learned_classes
from latentlab.errors import RecipeError, TrainingError, is_out_of_memory
from latentlab.learning.checkpoint import meta_model
from latentlab.learning.evaluate import epoch_preview, score_test, validate
from latentlab.learning.events import Change, EpochEnd, Event, SavedState, Started, Waiting
from latentlab.learning.fast import device as devices
from latentlab.learning.fast.distributed import join_processes, local_device
from latentlab.learning.fast.precision import choose_precision, kept_precision
from latentlab.learning.fast.stack import leaving
from latentlab.learning.memory import check_fits, too_large
from latentlab.learning.monitor import Monitor
from latentlab.learning.steering import STEERABLE_PREFIXES, Controls
from latentlab.learning.trainer import Trainer
from latentlab.learning.training_state import TrainingState, restore

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    import torch

    from latentlab.data.parts import Splits
    from latentlab.learning.events import Precision
    from latentlab.learning.fast.distributed import ProcessGroup
    from latentlab.learning.recipe import Recipe
    from latentlab.models.base import Model
    from latentlab.work import Progress


def fit(
    recipe: Recipe,
    *,
    controls: Controls | None = None,
    keep: Callable[[SavedState], None] | None = None,
    resume: TrainingState | None = None,
    changes: Iterable[Change] = (),
    data: Generator[Progress, None, Splits] | None = None,
) -> Generator[Event, None, Model]:
    """Train the model of a recipe; `latentlab.work.finish` returns it.

    Parameters
    ----------
    recipe : Recipe
        Model, data, objective and training settings.
    controls : Controls, optional
        Changes the recipe during the run, and sets the interval of the snapshots.
    keep : callable, optional
        Called with the state to save at intervals, and when training ends, is stopped or fails.
    resume : TrainingState, optional
        State of an earlier run of the same recipe, from which training continues exactly.
    changes : iterable of Change
        Changes made in the earlier run; each is applied again at its step.
    data : generator, optional
        Loads the images; by default those of the recipe.

    Yields
    ------
    Event
        ``Progress`` until the data is loaded, one ``Started``, ``Step``, ``EpochEnd``, ``Change``,
        ``Snapshot``, ``EpochPreview``, ``Waiting`` in a stack, ``FinalTest`` of test images.

    Returns
    -------
    Model
        The trained model, on the CPU.

    Raises
    ------
    DataError
        If the images cannot be loaded.
    RecipeError
        If the network or a batch does not fit into memory.
    TrainingError
        If the loss is not finite, or the images do not fit into memory beside the network.
    """
    controls = controls or Controls()
    device = local_device(devices.pick_device(recipe.training.device))
    read = controls.stack.read if controls.stack else read_binarized
    splits = yield from (data or read(recipe.data))
    counted = of_learned_classes(splits)
    trainer = _trainer(recipe, counted, device, controls, resume)
    replay = _restore(trainer, resume, changes)
    monitor = Monitor(trainer, controls, resume, keeps_best=bool(counted.test))
    yield _started(trainer, splits, devices.device_name(device))
    learning = _learn(trainer, monitor, _Steering(trainer, controls, replay), keep, counted)
    with devices.training_on(device), leaving(controls.stack, trainer):
        yield from _exclude_consumer(learning, monitor)
    return trainer.shown.cpu().eval()


def _trainer(
    recipe: Recipe,
    splits: Splits,
    device: torch.device,
    controls: Controls,
    resume: TrainingState | None,
) -> Trainer:
    check_fits(recipe, splits.train, device)
    if controls.spare_core and device.type == "cpu":
        # Before the precision is chosen, which is measured on as many cores as the run will have.
        devices.spare_core(meta_model(recipe, splits.spec))
    team = join_processes(device)
    try:
        precision = _precision(recipe, splits, device, team, resume or controls)
        return Trainer(recipe, splits, device, team, precision, controls.stack)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingError(
            "The network and the images do not fit into the memory that is free.",
            "Choose a smaller network, smaller images, or less memory for images "
            "(training.resident_mb): the others are read from disk.",
        ) from error


def _precision(
    recipe: Recipe,
    splits: Splits,
    device: torch.device,
    team: ProcessGroup,
    before: TrainingState | Controls,
) -> Precision | None:
    """Return the precision of a run, None for that of its recipe and its device."""
    if before.precision or isinstance(before, TrainingState):
        return kept_precision(recipe, before.precision, device)
    # Processes that train together must not choose differently.
    if team.size > 1:
        return None
    return choose_precision(recipe, splits, device)


def _started(trainer: Trainer, splits: Splits, device: str) -> Started:
    return Started(
        trainer.recipe.to_dict(),
        splits,
        device,
        sum(weights.numel() for weights in trainer.model.parameters()),
        trainer.recipe.training.epochs,
        trainer.steps_per_epoch,
        step=trainer.step_count,
        precision=trainer.precision,
    )


def _restore(
    trainer: Trainer, resume: TrainingState | None, changes: Iterable[Change]
) -> list[Change]:
    """Restore the state of an earlier run; return the changes that are still due."""
    replay = sorted(changes, key=lambda change: change.step)
    if resume is None:
        return replay
    restore(trainer, resume)
    for change in [change for change in replay if change.step <= resume.step]:
        trainer.change(trainer.recipe.changed(change.key, change.value))
        replay.remove(change)
    return replay


def _exclude_consumer(events: Generator[Event], monitor: Monitor) -> Generator[Event]:
    """Pass events on, and exclude the time that the consumer spends on them.

    The steps of a run of a stack are made while it waits.
    """
    try:
        for event in events:
            yielded = time.perf_counter()
            yield event
            if not isinstance(event, Waiting):
                monitor.away(time.perf_counter() - yielded)
    finally:
        events.close()


def _learn(
    trainer: Trainer,
    monitor: Monitor,
    steering: _Steering,
    keep: Callable[[SavedState], None] | None,
    splits: Splits,
) -> Generator[Event]:
    def save() -> None:
        if keep and trainer.team.leads and (saved := monitor.take_saved()):
            keep(saved)

    try:
        # From now on the run can be opened and resumed, even if it fails.
        save()
        over = False
        while not over:
            yield from steering.apply()
            if trainer.epoch >= trainer.recipe.training.epochs:
                break
            over = yield from _epoch(trainer, monitor, steering)
            if monitor.wants_keeping():
                save()
        if splits.test:
            tested = score_test(trainer, splits.test, monitor)
            monitor.save_again()
            yield tested
    except TrainingError as error:
        raise monitor.diverged(error) from error
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        # Its frames hold the tensors of the step, which leave no memory for the trial.
        clear_frames(error.__traceback__)
        raise too_large(trainer) from error
    finally:
        save()


def _epoch(trainer: Trainer, monitor: Monitor, steering: _Steering) -> Generator[Event, None, bool]:
    """Train for one epoch; return whether training is over."""
    for is_made in trainer.epoch_steps():
        if not is_made:
            yield Waiting()
            continue
        yield monitor.after_step()
        yield from steering.apply()
        if monitor.wants_snapshot():
            yield monitor.take_snapshot()
    train, seconds = monitor.end_epoch()
    validation_began = monitor.now()
    validation, latents = validate(trainer)
    monitor.check(validation)
    best_epoch, best_loss = monitor.update_best(validation["loss"])
    training = trainer.recipe.training
    plateau = trainer.epoch - best_epoch
    over = trainer.epoch >= training.epochs or 0 < training.patience <= plateau
    yield EpochEnd(
        trainer.epoch,
        trainer.step_count,
        train,
        validation,
        seconds,
        monitor.now() - validation_began,
        latents,
        best_epoch,
        best_loss,
        devices.memory_in_use(trainer.device),
    )
    if monitor.wants_portrait(last=over):
        yield epoch_preview(trainer)
    if monitor.wants_snapshot(epoch_over=True):
        yield monitor.take_snapshot()
    monitor.begin_epoch()
    return over


class _Steering:
    """Applies changes to the recipe: new requests, and those of an earlier run."""

    def __init__(self, trainer: Trainer, controls: Controls, replay: list[Change]) -> None:
        self._trainer = trainer
        self._controls = controls
        self._replay = replay

    def apply(self) -> Generator[Change]:
        """Apply the changes that are due."""
        while self._replay and self._replay[0].step <= self._trainer.step_count:
            change = self._replay.pop(0)
            yield self._change(change.key, change.value)
        for key, value in self._controls.wishes():
            yield self._change(key, value)

    def _change(self, key: str, value: float) -> Change:
        trainer = self._trainer
        problem = ""
        if key.startswith(STEERABLE_PREFIXES):
            try:
                trainer.change(trainer.recipe.changed(key, value))
            except RecipeError as error:
                problem = str(error)
        else:
            problem = f"{key} cannot be changed while a run goes on"
        return Change(trainer.step_count, trainer.epochs, key, value, problem)
