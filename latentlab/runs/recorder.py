"""Training recorded in a run folder, which is consistent at any moment and can be resumed."""

from __future__ import annotations

import shutil
from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from latentlab.atomic_write import (
    append_text,
    check_writable,
    delete_abandoned,
    is_missing,
    write_atomically,
)
from latentlab.errors import LatentlabError, RunError, TrainingError
from latentlab.learning.checkpoint import (
    BEST_STEM,
    DESCRIPTION_FILE,
    LAST_STEM,
    Checkpoint,
    read_checkpoint,
    save_checkpoint,
)
from latentlab.learning.events import (
    Change,
    EpochEnd,
    EpochPreview,
    Event,
    FinalTest,
    SavedState,
    Snapshot,
    Started,
    Step,
)
from latentlab.learning.fast.distributed import is_main
from latentlab.learning.fit import fit
from latentlab.learning.recipe import read_recipe
from latentlab.learning.steering import Controls
from latentlab.learning.training_state import RESUME_FILE, read_training_state, write_training_state
from latentlab.runs.library import RECIPE, write_preview
from latentlab.runs.portraits import FOLDER as PREVIEWS
from latentlab.runs.portraits import EpochPreviewLog
from latentlab.runs.provenance import FILE as PROVENANCE
from latentlab.runs.provenance import Outcome, begin_session, end_session
from latentlab.runs.run_data import FILE as RUN_DATA
from latentlab.runs.run_data import load_run_data, write_run_data
from latentlab.runs.run_lock import LOCK, training_in
from latentlab.runs.run_log import (
    CHANGES,
    FAILURE,
    change_line,
    delete_changes_from,
    read_changes_strict,
    read_run_log,
    truncate_after,
)
from latentlab.runs.writers.writer import check_writers, open_writers, write_all
from latentlab.session.curves.curves import (
    METRICS,
    TEST,
    TRAIN,
    VALIDATION,
    StepLog,
    last_losses,
    metrics_line,
)
from latentlab.session.curves.latent_curves import FILE as LATENTS
from latentlab.session.curves.latent_curves import latents_line

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from latentlab.learning.events import Losses
    from latentlab.learning.recipe import Recipe
    from latentlab.learning.training_state import TrainingState
    from latentlab.runs.writers.writer import Writer
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
        _clear(folder)
        truncate_after(folder, 0)
        delete_changes_from(folder, 0)
    write_atomically(folder / RECIPE, recipe.to_toml().encode())
    recorder = _Recorder(recipe, folder)
    try:
        events = fit(recipe, controls=controls, keep=recorder.keep)
        yield from _recorded(events, recorder)
    finally:
        if recorder.diverged_at_once and is_new:
            shutil.rmtree(folder, ignore_errors=True)
        elif not (folder / DESCRIPTION_FILE).exists():
            _forget(folder, recipe.training.writers if is_new else ())


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
    recorder = _Recorder(current, folder, changes)
    if saved and position and saved.step == position.step:
        recorder.already_saved(saved.step)
    events = fit(
        recipe,
        controls=controls,
        keep=recorder.keep,
        resume=position,
        changes=changes,
        data=data,
    )
    with training_in(folder), closing(_recorded(events, recorder)) as recorded:
        for event in recorded:
            if isinstance(event, Started):
                # Not earlier: loading the data may fail.
                recorder.go_on(position, event.steps_per_epoch)
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


def _recorded(events: Generator[Event, None, object], recorder: _Recorder) -> Generator[Event]:
    outcome: Outcome = "stopped"
    try:
        yield from _written(events, recorder)
        outcome = "finished"
    except Exception as error:
        outcome = "failed"
        recorder.write_failure(error)
        raise
    finally:
        recorder.close(outcome)


def _written(events: Generator[Event, None, object], recorder: _Recorder) -> Generator[Event]:
    with closing(events):
        for event in events:
            match event:
                case Started():
                    recorder.begin(event)
                    (recorder.folder / FAILURE).unlink(missing_ok=True)
                    yield replace(event, folder=recorder.folder)
                    continue
                case Step(losses=losses) if losses:
                    recorder.add_step(event, losses)
                case EpochEnd():
                    recorder.write_epoch(event)
                case FinalTest():
                    recorder.write_test(event)
                case Change(problem=""):
                    recorder.write_change(event)
                case EpochPreview():
                    recorder.add_preview(event)
            yield event


def _clear(folder: Path) -> None:
    """Delete the incomplete files of a run whose process was killed."""
    for each in (folder, folder / PREVIEWS):
        delete_abandoned(each, 0)


def _forget(folder: Path, writers: Sequence[str]) -> None:
    """Delete the files of a run that has no checkpoint, and the folders of its writers."""
    for name in writers:
        shutil.rmtree(folder / name, ignore_errors=True)
    with suppress(OSError):
        for name in (RECIPE, RUN_DATA, PROVENANCE, LOCK):
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()


class _Recorder:
    def __init__(self, recipe: Recipe, folder: Path, changes: tuple[Change, ...] = ()) -> None:
        self.recipe = recipe
        self.folder = folder
        self.started: Started | None = None
        self._previews = EpochPreviewLog(folder)
        self.steps = StepLog(folder)
        self._changes = changes
        self._writers: list[Writer] = []
        self._kept_step = 0
        self._is_saved = False
        """Whether the next save is that of the state from which the run is resumed."""
        self.diverged_at_once = False
        """Whether the run diverged before its first epoch was complete."""
        self.losses_before({})

    def begin(self, event: Started) -> None:
        """Write what the run is made with."""
        self.started = event
        images = write_run_data(self.folder, self.recipe.data, event.splits)
        begin_session(self.folder, event.device, images, event.splits.counts)
        self._writers = open_writers(self.recipe.training.writers, self.folder)

    def close(self, outcome: Outcome) -> None:
        """Write how the run ended, and complete the files of its writers."""
        for writer in self._writers:
            writer.close()
        # The folder of a run that ended before its first save was deleted.
        if self.started and (self.folder / RECIPE).exists():
            with suppress(RunError):
                end_session(self.folder, outcome)

    def already_saved(self, step: int) -> None:
        """Skip the first save: checkpoint and training state are both of this step."""
        self._is_saved, self._kept_step = True, step

    def losses_before(self, metrics: Mapping[str, Losses]) -> None:
        """Set the losses of the last and of the best epoch so far."""
        self._metrics = self._best_metrics = metrics

    def go_on(self, position: TrainingState | None, steps_per_epoch: int) -> None:
        """Delete what a killed run left behind, and the measurements that are made again."""
        _clear(self.folder)
        truncate_after(self.folder, position.epoch if position else 0)
        self.steps.go_on(position.step / steps_per_epoch if position else 0.0)
        self.losses_before(last_losses(self.folder))

    def add_step(self, event: Step, losses: Losses) -> None:
        assert self.started
        self.steps.add(event.step / self.started.steps_per_epoch, losses)

    def add_preview(self, event: EpochPreview) -> None:
        """Write a preview of an epoch."""
        self._check_folder()
        self._previews.add(event)

    def write_epoch(self, event: EpochEnd) -> None:
        """Write the losses and latent statistics of an epoch."""
        self._check_folder()
        self._metrics = {TRAIN: event.train, VALIDATION: event.validation}
        seconds = {TRAIN: event.seconds, VALIDATION: event.validation_seconds}
        lines = [
            metrics_line(event.epoch, split, losses, seconds[split])
            for split, losses in self._metrics.items()
        ]
        if event.best_epoch == event.epoch:
            self._best_metrics = self._metrics
        write_all(self._writers, event.epoch, self._metrics)
        self._append(METRICS, *lines)
        if event.latents is not None:
            self._append(LATENTS, latents_line(event.epoch, event.latents))

    def write_test(self, event: FinalTest) -> None:
        """Write the test losses of the best and of the last epoch; call it before the last save."""
        self._metrics = {**self._metrics, TEST: event.losses}
        lines = [metrics_line(event.epoch, TEST, event.losses, 0.0)]
        if event.best_losses and event.best_epoch < event.epoch:
            self._best_metrics = {**self._best_metrics, TEST: event.best_losses}
            lines.insert(0, metrics_line(event.best_epoch, TEST, event.best_losses, 0.0))
        write_all(self._writers, event.epoch, {TEST: event.losses})
        self._append(METRICS, *lines)

    def write_change(self, change: Change) -> None:
        self.recipe = self.recipe.changed(change.key, change.value)
        # Changes that a resumed run repeats are already in the file.
        if change not in self._changes:
            self._append(CHANGES, change_line(change))

    def write_failure(self, error: Exception) -> None:
        """Write the error that ended the run; drop changes after the last save if it diverged."""
        if self.started is None or is_missing(self.folder / RECIPE):
            return
        self.diverged_at_once = isinstance(error, TrainingError) and not self._metrics
        # The error may be that the disk cannot be written.
        with suppress(RunError):
            message = error.message if isinstance(error, LatentlabError) else repr(error)
            write_atomically(self.folder / FAILURE, f"{message}\n".encode())
            if isinstance(error, TrainingError):
                delete_changes_from(self.folder, self._kept_step)

    def _check_folder(self) -> None:
        """Check that the folder was not taken away; writing would make an incomplete one."""
        if is_missing(self.folder / RECIPE):
            raise RunError(
                f"{self.folder} was moved or deleted while its run was in training, or its disk "
                "is gone.",
                "Bring it back, and resume the run from its last save.",
            )

    def _append(self, name: str, *lines: str) -> None:
        self._check_folder()
        append_text(self.folder / name, "".join(f"{line}\n" for line in lines))

    def keep(self, saved: SavedState) -> None:
        """Save in an order such that a run killed in between can be opened and resumed."""
        self._check_folder()
        is_saved, self._is_saved = self._is_saved, False
        if is_saved and saved.best is None and saved.snapshot.step == self._kept_step:
            return
        if saved.best:
            # First: a run resumed from a later training state does not reach this epoch again.
            self._save(saved.best, BEST_STEM, self._best_metrics)
        self.steps.write()
        if saved.position:
            write_training_state(self.folder, saved.position)
        self._save(saved.snapshot, LAST_STEM, self._metrics)
        self._kept_step = saved.snapshot.step
        write_preview(self.folder)

    def _save(self, snapshot: Snapshot, stem: str, metrics: Mapping[str, Losses]) -> None:
        assert self.started
        checkpoint = Checkpoint(
            self.recipe,
            self.started.splits.spec,
            snapshot.step,
            snapshot.epoch,
            metrics,
        )
        save_checkpoint(self.folder, checkpoint, snapshot.weights, stem=stem)
