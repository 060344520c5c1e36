"""Progress of runs in words, and the row of the run that is being trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from latentlab.errors import counted
from latentlab.session.library.comparable import scale_of
from latentlab.session.library.entries import LibraryEntry
from latentlab.session.library.run_names import default_name, start_of
from latentlab.session.recipes import recipe_title

if TYPE_CHECKING:
    from latentlab.session.runs import Run
    from latentlab.session.state import State

PHASE_TEXTS = {"loading": "starting…", "stopping": "stopping…", "paused": "paused at"}
NO_FOLDER = Path("starting")
"""Path of a run whose folder is not made yet."""


def with_run(entries: tuple[LibraryEntry, ...], run: Run | None) -> tuple[LibraryEntry, ...]:
    """Return the entries with the current run among them, a new one before the user's others."""
    if run is None:
        return entries
    for i, entry in enumerate(entries):
        if entry.path == run.folder:
            return (*entries[:i], _updated(entry, run), *entries[i + 1 :])
    folder = run.folder or NO_FOLDER
    name = default_name(folder.name) if run.folder else "New run"
    new = LibraryEntry(
        name,
        recipe_title(run.recipe),
        folder,
        shipped=False,
        started=start_of(folder.name),
        scale=scale_of(run.recipe),
    )
    shipped = sum(entry.shipped for entry in entries)
    return (*entries[:shipped], _updated(new, run), *entries[shipped:])


def _updated(entry: LibraryEntry, run: Run) -> LibraryEntry:
    entry = replace(entry, epoch=run.epoch, epochs=run.epochs)
    if run.validation_loss is None:
        return entry
    return replace(entry, loss=run.validation_loss, rate=run.rate, distortion=run.distortion)


def is_training(entry: LibraryEntry, state: State) -> bool:
    """Return whether a run is being trained."""
    run = state.training.run
    return run is not None and (run.folder or NO_FOLDER) == entry.path


def is_beside(entry: LibraryEntry, state: State) -> bool:
    """Return whether a run trains beside the one that is shown as it learns."""
    return any(run.folder == entry.path for run in state.training.beside)


def fraction_done(entry: LibraryEntry, state: State) -> float | None:
    """Return the fraction of its training that is done; None if it is not being trained."""
    run = state.training.run
    return (run.fraction or 0.0) if run and is_training(entry, state) else None


def progress_text(entry: LibraryEntry, state: State) -> str:
    """Return the progress of a run as a short text."""
    if state.opening and state.opening == entry.path.name:
        return "opening…"
    run = state.training.run
    if run and is_training(entry, state):
        phase, done = PHASE_TEXTS.get(run.phase, ""), f"{run.epoch} of {run.epochs}"
        return f"{phase} {done}".strip() if run.epochs and not phase.endswith("…") else phase
    if entry.damage:
        return "damaged"
    if is_beside(entry, state):
        return "in training"
    if entry.shipped or not entry.epochs:
        return ""
    if entry.failure:
        return f"failed at {entry.epoch} of {entry.epochs}"
    if entry.epoch < entry.epochs:
        return f"{entry.epoch} of {entry.epochs}"
    return counted(entry.epoch, "epoch")


def run_tooltip(entry: LibraryEntry) -> str:
    """Return the tooltip of a run."""
    if entry.damage:
        return "\n".join([entry.name, entry.damage, str(entry.path)])
    lines = [entry.name, entry.summary]
    if entry.epochs and not entry.shipped:
        done = entry.epoch >= entry.epochs
        status = "Finished" if done else f"Stopped at epoch {entry.epoch} of {entry.epochs}"
        after = f" after {counted(entry.epoch, 'epoch')}" if done else ""
        more = "; training can be resumed from there" if entry.resumable else ""
        lines.append(f"{status}{after}{more}.")
    lines += [f"Test: {entry.test:.1f} nats."] if entry.test is not None else []
    lines += [f"Over seeds: {entry.over_seeds} nats."] if entry.over_seeds else []
    lines += [entry.failure] if entry.failure else []
    lines += [entry.notes.text] if entry.notes.text else []
    lines += [f"Tags: {entry.notes.tags_text}"] if entry.notes.tags else []
    lines += [entry.provenance] if entry.provenance else []
    return "\n".join([*lines, str(entry.path)])
