"""Run folders: what a training run leaves on disk."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from latentlab.errors import RunError
from latentlab.latent.embed import decode
from latentlab.latent.sampling import labels_for, sample_prior
from latentlab.learning.checkpoint import (
    DESCRIPTION,
    Checkpoint,
    load_model,
    read_checkpoint,
    save_checkpoint,
    write_atomically,
)
from latentlab.learning.events import EpochEnd, Event, Losses, Snapshot, Started
from latentlab.learning.fit import fit
from latentlab.paths import resources, runs
from latentlab.session.curves import METRICS, TRAIN, VALIDATION, metrics_line
from latentlab.session.export import read_png, save_png
from latentlab.session.sheet import tile
from latentlab.session.state import Entry

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from latentlab.learning.recipe import Recipe

RECIPE = "recipe.toml"
PREVIEW = "preview.png"


def record(
    recipe: Recipe, folder: Path, *, snapshot_every: float | None = None
) -> Generator[Event]:
    """Train as `fit` does and keep the run in a folder, whole at any moment.

    Parameters
    ----------
    recipe : Recipe
        What to train.
    folder : Path
        Where to; must not hold a run yet.
    snapshot_every : float, optional
        See `fit`.

    Yields
    ------
    Event
        Those of `fit`; ``Started`` names the folder.

    Raises
    ------
    RunError
        Where the folder holds a run or cannot be written.
    """
    if (folder / DESCRIPTION).exists():
        raise RunError(f"{folder} already holds a run.", "Choose another folder.")
    write_atomically(folder / RECIPE, recipe.to_toml().encode())
    recorder = _Recorder(recipe, folder)
    try:
        with closing(fit(recipe, snapshot_every=snapshot_every, keep=recorder.keep)) as events:
            for event in events:
                match event:
                    case Started():
                        recorder.started = event
                        yield replace(event, folder=folder)
                        continue
                    case EpochEnd():
                        recorder.write_metrics(event)
                yield event
    finally:
        if recorder.started is None:
            _forget(folder)


def _forget(folder: Path) -> None:
    """Take away what a run has left that never began."""
    with suppress(OSError):
        (folder / RECIPE).unlink()
        folder.rmdir()


class _Recorder:
    def __init__(self, recipe: Recipe, folder: Path) -> None:
        self.recipe = recipe
        self.folder = folder
        self.started: Started | None = None
        self._metrics: dict[str, Losses] = {}

    def write_metrics(self, event: EpochEnd) -> None:
        self._metrics = {TRAIN: event.train, VALIDATION: event.validation}
        seconds = {TRAIN: event.seconds, VALIDATION: event.validation_seconds}
        try:
            with (self.folder / METRICS).open("a", encoding="utf-8") as file:
                for split, losses in self._metrics.items():
                    print(metrics_line(event.epoch, split, losses, seconds[split]), file=file)
        except OSError as error:
            raise RunError(f"{self.folder} cannot be written: {error.strerror}.") from error

    def keep(self, snapshot: Snapshot) -> None:
        if self.started is None:
            return
        checkpoint = Checkpoint(
            self.recipe,
            self.started.splits.spec,
            snapshot.step,
            snapshot.epoch,
            self._metrics,
        )
        save_checkpoint(self.folder, checkpoint, snapshot.weights)
        write_preview(self.folder)


def write_preview(folder: Path) -> None:
    """Put a picture of 16 samples beside a checkpoint."""
    model, checkpoint = load_model(folder)
    labels = labels_for(16, checkpoint.spec.classes, None)
    pictures = decode(model, sample_prior(model, 16, seed=0), labels)
    save_png(tile(pictures, 4), folder / PREVIEW, {"samples": 16, "seed": 0})


def new_folder(recipe: Recipe) -> Path:
    """Return a folder for a new run that does not exist yet."""
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{recipe.model.kind}-{recipe.data.kind}"
    folders = [runs() / name, *(runs() / f"{name}-{i}" for i in range(2, 1000))]
    return next(folder for folder in folders if not folder.exists())


def library() -> tuple[Entry, ...]:
    """Return the shipped models, then the user's runs, newest first."""
    shipped = sorted((resources() / "models").glob(f"*/{DESCRIPTION}"))
    own = sorted(runs().glob(f"*/{DESCRIPTION}"), reverse=True)
    entries = (_entry(file.parent, file in shipped) for file in [*shipped, *own])
    return tuple(entry for entry in entries if entry)


def _entry(folder: Path, shipped: bool) -> Entry | None:
    try:
        checkpoint = read_checkpoint(folder)
    except RunError:
        return None
    size = getattr(checkpoint.recipe.model, "latent_dim", "?")
    parts = [f"{checkpoint.recipe.model.kind.upper()} {size}-D", checkpoint.recipe.data.kind]
    loss = checkpoint.metrics.get(VALIDATION, {}).get("loss")
    parts += [f"{loss:.1f} nats"] if loss is not None and np.isfinite(loss) else []
    preview = read_png(folder / PREVIEW)
    return Entry(run_name(folder), " · ".join(parts), folder, shipped, preview)


def run_name(folder: Path) -> str:
    """Return what people call a run: its folder's name, the time stamp made readable."""
    stamp, _, rest = folder.name.partition("-")
    clock, _, kinds = rest.partition("-")
    try:
        moment = time.strptime(f"{stamp}{clock}", "%Y%m%d%H%M%S")
    except ValueError:
        return folder.name
    return f"{kinds} · {time.strftime('%d %b %H:%M', moment)}"
