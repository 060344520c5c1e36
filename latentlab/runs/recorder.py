"""Training recorded in a run folder, which is consistent at any moment and can be resumed."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from latentlab.atomic_write import check_writable, write_atomically
from latentlab.errors import RunError
from latentlab.learning.checkpoint import DESCRIPTION_FILE, read_checkpoint
from latentlab.learning.events import (
    Change,
    EpochEnd,
    EpochPreview,
    Event,
    FinalTest,
    Started,
    Step,
)
from latentlab.learning.fast.distributed import is_main
from latentlab.learning.fit import fit
from latentlab.learning.recipe import read_recipe
from latentlab.learning.steering import Controls
from latentlab.learning.training_state import RESUME_FILE, read_training_state
from latentlab.runs.library import RECIPE
from latentlab.runs.run_data import load_run_data
from latentlab.runs.run_files import RunFiles, delete_incomplete, forget_run
from latentlab.runs.run_lock import training_in
from latentlab.runs.run_log import (
    FAILURE,
    delete_changes_from,
    read_changes_strict,
    read_run_log,
    truncate_after,
)
from latentlab.runs.writers.writer import check_writers

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from latentlab.learning.recipe import Recipe
    from latentlab.learning.training_state import TrainingState
    from latentlab.runs.provenance import Outcome
    from latentlab.session.runs import RunLog


def record(recipe: Recipe, folder: Path, controls: Controls | None = None) -> Generator[Event]:
    """Train with `fit` and record the run in a folder.

    A new folder is deleted again if the run ends before weights were saved, or diverges before its
    first epoch is complete.

    Parameters
    ----------
    recipe : Recipe
        Recipe of the run.
    folder : Path
        Run folder; must not hold a run yet.
    controls : Controls, optional
        See `fit`.

    Yields
    ------
    Event
        Events of `fit`; ``Started`` names the folder.

    Raises
    ------
    RunError
        If the folder holds a run or cannot be written.
    """
    if not is_main():
        yield from fit(recipe)
        return
    if (folder / DESCRIPTION_FILE).exists():
        raise RunError(f"{folder} already holds a run.", "Resume it, or choose another folder.")
    is_new = not folder.exists() or not any(folder.iterdir())
    check_writers(recipe.training.writers)
    check_writable(folder)
    with training_in(folder):
        yield from _record(recipe, folder, controls, is_new=is_new)


def _record(
    recipe: Recipe, folder: Path, controls: Controls | None, *, is_new: bool
) -> Generator[Event]:
    if not is_new:
        # Of a run that was killed before its first save.
        delete_incomplete(folder)
        truncate_after(folder, 0)
        delete_changes_from(folder, 0)
    write_atomically(folder / RECIPE, recipe.to_toml().encode())
    files = RunFiles(recipe, folder)
    try:
        events = fit(recipe, controls=controls, keep=files.keep)
        yield from _recorded(events, files)
    finally:
        if files.diverged_at_once and is_new:
            shutil.rmtree(folder, ignore_errors=True)
        elif not (folder / DESCRIPTION_FILE).exists():
            forget_run(folder, recipe.training.writers if is_new else ())


def resume(
    folder: Path, epochs: int | None = None, controls: Controls | None = None
) -> Generator[Event | RunLog]:
    """Resume a run from its saved training state, with the same result as without interruption.

    Parameters
    ----------
    folder : Path
        Run folder.
    epochs : int, optional
        New total number of epochs.
    controls : Controls, optional
        See `fit`.

    Yields
    ------
    Event or RunLog
        Events of `fit`; ``Started`` names the folder and is followed by the ``RunLog`` of the run.

    Raises
    ------
    RunError
        If the folder is not a run folder, cannot be written, or has completed all its epochs.
    """
    recipe, position = _read_position(folder)
    changes = read_changes_strict(folder)
    current = recipe
    for change in changes:
        current = current.changed(change.key, change.value)
    check_writers(current.training.writers)
    controls = controls or Controls()
    if epochs is not None:
        controls.steer("training.epochs", epochs)
    saved = read_checkpoint(folder) if (folder / DESCRIPTION_FILE).exists() else None
    if position and saved and saved.step >= position.step:
        # A run killed in its last save has a state that is later, and is completed.
        _check_unfinished(folder, position, epochs or current.training.epochs)
    data = load_run_data(folder, recipe.data, saved.spec if saved else None, resuming=True)
    if not is_main():
        yield from fit(recipe, controls=controls, resume=position, changes=changes, data=data)
        return
    files = RunFiles(current, folder, changes)
    if saved and position and saved.step == position.step:
        files.already_saved(saved.step)
    events = fit(
        recipe,
        controls=controls,
        keep=files.keep,
        resume=position,
        changes=changes,
        data=data,
    )
    with training_in(folder), closing(_recorded(events, files)) as recorded:
        for event in recorded:
            if isinstance(event, Started):
                # Not earlier: loading the data may fail.
                files.go_on(position, event.steps_per_epoch)
            yield event
            if isinstance(event, Started):
                yield read_run_log(folder, event.recipe)


def _check_unfinished(folder: Path, position: TrainingState, epochs: int) -> None:
    if position.epoch >= epochs:
        raise RunError(
            f"{folder} has finished all its {position.epoch} epochs.",
            "To train more, give a larger number of epochs.",
        )


def _read_position(folder: Path) -> tuple[Recipe, TrainingState | None]:
    """Return the initial recipe and the training state of a run; None if never saved."""
    if not (folder / RECIPE).exists():
        raise RunError(
            f"{folder} cannot be resumed: it has no {RECIPE}.",
            "Choose a folder that latentlab train has written.",
        )
    begun = (folder / RESUME_FILE).exists() or (folder / DESCRIPTION_FILE).exists()
    return read_recipe(folder / RECIPE), read_training_state(folder) if begun else None


def _recorded(events: Generator[Event, None, object], files: RunFiles) -> Generator[Event]:
    outcome: Outcome = "stopped"
    try:
        yield from _written(events, files)
        outcome = "finished"
    except Exception as error:
        outcome = "failed"
        files.write_failure(error)
        raise
    finally:
        files.close(outcome)


def _written(events: Generator[Event, None, object], files: RunFiles) -> Generator[Event]:
    with closing(events):
        for event in events:
            match event:
                case Started():
                    files.begin(event)
                    (files.folder / FAILURE).unlink(missing_ok=True)
                    yield replace(event, folder=files.folder)
                    continue
                case Step(losses=losses) if losses:
                    files.add_step(event, losses)
                case EpochEnd():
                    files.write_epoch(event)
                case FinalTest():
                    files.write_test(event)
                case Change(problem=""):
                    files.write_change(event)
                case EpochPreview():
                    files.add_preview(event)
            yield event
