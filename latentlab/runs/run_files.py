"""Files of a run folder, written from the events of its training."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from latentlab.atomic_write import append_text, delete_abandoned, is_missing, write_atomically
from latentlab.errors import LatentlabError, RunError, TrainingError
from latentlab.learning.checkpoint import BEST_STEM, LAST_STEM, Checkpoint, save_checkpoint
from latentlab.learning.training_state import write_training_state
from latentlab.runs.library import RECIPE, write_preview
from latentlab.runs.portraits import FOLDER as PREVIEWS
from latentlab.runs.portraits import EpochPreviewLog
from latentlab.runs.provenance import FILE as PROVENANCE
from latentlab.runs.provenance import Outcome, begin_session, end_session
from latentlab.runs.run_data import FILE as RUN_DATA
from latentlab.runs.run_data import write_run_data
from latentlab.runs.run_lock import LOCK
from latentlab.runs.run_log import (
    CHANGES,
    FAILURE,
    change_line,
    delete_changes_from,
    truncate_after,
)
from latentlab.runs.writers.writer import open_writers, write_all
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
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from latentlab.learning.events import (
        Change,
        EpochEnd,
        EpochPreview,
        FinalTest,
        Losses,
        SavedState,
        Snapshot,
        Started,
        Step,
    )
    from latentlab.learning.recipe import Recipe
    from latentlab.learning.training_state import TrainingState
    from latentlab.runs.writers.writer import Writer


class RunFiles:
    """Writer of the files of a run, such that it can be opened and resumed at any moment.

    Parameters
    ----------
    recipe : Recipe
        Recipe at the point from which the run goes on.
    folder : Path
        Run folder.
    changes : tuple of Change
        Changes that the folder holds already, if the run is resumed.
    """

    def __init__(self, recipe: Recipe, folder: Path, changes: tuple[Change, ...] = ()) -> None:
        self.recipe = recipe
        self.folder = folder
        self._started: Started | None = None
        self._previews = EpochPreviewLog(folder)
        self._steps = StepLog(folder)
        self._changes = changes
        self._writers: list[Writer] = []
        self._kept_step = 0
        self._is_saved = False
        """Whether the next save is that of the state from which the run is resumed."""
        self.diverged_at_once = False
        """Whether the run diverged before its first epoch was complete."""
        self._metrics: Mapping[str, Losses] = {}
        self._best_metrics: Mapping[str, Losses] = {}

    def begin(self, event: Started) -> None:
        """Write what the run is made with."""
        self._started = event
        images = write_run_data(self.folder, self.recipe.data, event.splits)
        begin_session(self.folder, event.device, event.precision, images, event.splits.counts)
        self._writers = open_writers(self.recipe.training.writers, self.folder)

    def close(self, outcome: Outcome) -> None:
        """Write how the run ended, and complete the files of its writers."""
        for writer in self._writers:
            writer.close()
        # The folder of a run that ended before its first save was deleted.
        if self._started and (self.folder / RECIPE).exists():
            with suppress(RunError):
                end_session(self.folder, outcome)

    def already_saved(self, step: int) -> None:
        """Skip the first save: checkpoint and training state are both of this step."""
        self._is_saved, self._kept_step = True, step

    def go_on(self, position: TrainingState | None, steps_per_epoch: int) -> None:
        """Delete what a killed run left behind, and the measurements that are made again."""
        delete_incomplete(self.folder)
        truncate_after(self.folder, position.epoch if position else 0)
        self._steps.go_on(position.step / steps_per_epoch if position else 0.0)
        self._metrics = self._best_metrics = last_losses(self.folder)

    def add_step(self, event: Step, losses: Losses) -> None:
        """Add the losses of a step, which the next save writes."""
        assert self._started
        self._steps.add(event.step / self._started.steps_per_epoch, losses)

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
        """Write a change of the recipe during training."""
        self.recipe = self.recipe.changed(change.key, change.value)
        # Changes that a resumed run repeats are already in the file.
        if change not in self._changes:
            self._append(CHANGES, change_line(change))

    def write_failure(self, error: Exception) -> None:
        """Write the error that ended the run; drop changes after the last save if it diverged."""
        if self._started is None or is_missing(self.folder / RECIPE):
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
        self._steps.write()
        if saved.position:
            write_training_state(self.folder, saved.position)
        self._save(saved.snapshot, LAST_STEM, self._metrics)
        self._kept_step = saved.snapshot.step
        write_preview(self.folder)

    def _save(self, snapshot: Snapshot, stem: str, metrics: Mapping[str, Losses]) -> None:
        assert self._started
        checkpoint = Checkpoint(
            self.recipe,
            self._started.splits.spec,
            snapshot.step,
            snapshot.epoch,
            metrics,
        )
        save_checkpoint(self.folder, checkpoint, snapshot.weights, stem=stem)


def delete_incomplete(folder: Path) -> None:
    """Delete the incomplete files of a run whose process was killed."""
    for each in (folder, folder / PREVIEWS):
        delete_abandoned(each, 0)


def forget_run(folder: Path, writers: Sequence[str]) -> None:
    """Delete the files of a run that has no checkpoint, and the folders of its writers."""
    for name in writers:
        shutil.rmtree(folder / name, ignore_errors=True)
    with suppress(OSError):
        for name in (RECIPE, RUN_DATA, PROVENANCE, LOCK):
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()
