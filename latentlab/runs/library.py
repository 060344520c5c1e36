"""Library of run folders: list, name, delete, discard and restore runs."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

import numpy as np
from send2trash import send2trash

from latentlab.atomic_write import write_atomically
from latentlab.directories import resources, runs
from latentlab.errors import RunError, shown
from latentlab.latent.encode import decode
from latentlab.latent.prior_samples import labels_for, sample_prior
from latentlab.learning.checkpoint import (
    DESCRIPTION_FILE,
    WEIGHTS_FILE,
    load_model,
    read_checkpoint,
)
from latentlab.learning.training_state import RESUME_FILE as POSITION
from latentlab.runs.image_files import read_png, save_image
from latentlab.runs.run_log import read_failure, read_short_text
from latentlab.session.curves import VALIDATION, read_curves
from latentlab.session.mosaic import tile
from latentlab.session.recipes import describe_differences
from latentlab.session.runs import ComparedRun, LibraryEntry

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.learning.recipe import Recipe

RECIPE = "recipe.toml"
PREVIEW = "preview.png"
NAME = "name.txt"
MAX_NAME_LENGTH = 80
DISCARDED = "discarded"
"""Name of the subfolder for discarded runs."""
MAX_DISCARDED = 10


def write_preview(folder: Path) -> None:
    """Write an image of 16 prior samples to a run folder."""
    model, checkpoint = load_model(folder)
    labels = labels_for(16, checkpoint.spec.classes, None)
    pictures = decode(model, sample_prior(model, 16, seed=0), labels)
    save_image(tile(pictures, 4), folder / PREVIEW, {"samples": 16, "seed": 0})


def new_folder(recipe: Recipe) -> Path:
    """Return the path of a new run folder that does not exist yet."""
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{recipe.model.kind}-{recipe.data.kind}"
    folder, number = runs() / name, 2
    while folder.exists():
        folder, number = runs() / f"{name}-{number}", number + 1
    return folder


def library() -> tuple[LibraryEntry, ...]:
    """Return the shipped models, then the user's runs, newest first."""
    shipped, own = _folders(resources() / "models"), _folders(runs())
    entries = [_entry(folder, shipped=True) for folder in shipped]
    return (*entries, *(_entry(folder, shipped=False) for folder in reversed(own)))


def _folders(parent: Path) -> list[Path]:
    """Return the run folders in a folder, sorted by name, including incomplete ones."""
    files = (file for name in (DESCRIPTION_FILE, WEIGHTS_FILE) for file in parent.glob(f"*/{name}"))
    return sorted({file.parent for file in files})


def _entry(folder: Path, *, shipped: bool) -> LibraryEntry:
    try:
        checkpoint = read_checkpoint(folder)
    except RunError as error:
        # The folder is displayed with the reason, so it is removed from the message.
        reason = error.message.replace(f"{folder}{os.sep}", "")
        reason = shown(reason, 100)
        return LibraryEntry(run_name(folder), reason, folder, shipped, damage=str(error))
    size = getattr(checkpoint.recipe.model, "latent_dim", "?")
    beta = getattr(checkpoint.recipe.objective, "beta", 1.0)
    parts = [f"{checkpoint.recipe.model.kind.upper()} {size}-D"]
    parts += [f"beta {beta:g}"] if beta != 1.0 else []
    parts += [checkpoint.recipe.data.kind]
    loss = checkpoint.metrics.get(VALIDATION, {}).get("loss")
    parts += [f"{loss:.1f} nats"] if loss is not None and np.isfinite(loss) else []
    preview = read_png(folder / PREVIEW)
    return LibraryEntry(
        run_name(folder),
        " · ".join(parts),
        folder,
        shipped,
        preview,
        checkpoint.epoch,
        checkpoint.recipe.training.epochs,
        resumable=not shipped and (folder / POSITION).exists(),
        failure=read_failure(folder),
    )


def run_name(folder: Path) -> str:
    """Return the display name of a run: the user's name for it, or a readable folder name."""
    if name := read_short_text(folder / NAME):
        return shown(" ".join(name.split()), MAX_NAME_LENGTH)
    stamp, _, rest = folder.name.partition("-")
    clock, _, kinds = rest.partition("-")
    try:
        moment = time.strptime(f"{stamp}{clock}", "%Y%m%d%H%M%S")
    except ValueError:
        return folder.name
    return f"{kinds} · {time.strftime('%d %b %H:%M', moment)}"


def rename(folder: Path, name: str) -> None:
    """Rename a run; an empty name restores the default.

    Raises
    ------
    RunError
        If the folder cannot be written.
    """
    write_atomically(folder / NAME, name.strip().encode())


def trash(folder: Path) -> None:
    """Move a run to the system's trash.

    Raises
    ------
    RunError
        If it is a shipped model, or there is no trash.
    """
    if folder.resolve().parent == (resources() / "models").resolve():
        raise RunError(f"{folder.name} came with latentlab and stays.")
    try:
        send2trash(folder)
    except OSError as error:
        raise RunError(f"{folder} cannot be moved to the trash: {error}.") from error


def discard(folder: Path) -> Path:
    """Move a cancelled run out of the library and return its new path, for `restore`.

    The newest `MOST_DISCARDED` are kept; older ones are moved to the system's trash.

    Raises
    ------
    RunError
        If it cannot be moved; it then stays in the library.
    """
    target = folder.parent / DISCARDED / folder.name
    _move(folder, target, "discarded")
    others = sorted(other for other in target.parent.iterdir() if other != target)
    for old in others[: max(0, len(others) + 1 - MAX_DISCARDED)]:
        _trash_or_delete(old)
    return target


def restore(place: Path) -> Path:
    """Move a discarded run back to the library and return its folder.

    Raises
    ------
    RunError
        If it no longer exists or cannot be moved.
    """
    if not place.is_dir():
        raise RunError(f"{place} is no longer there.", "Look for it in the system's trash.")
    folder = place.parent.parent / place.name
    _move(place, folder, "restored")
    return folder


def _move(folder: Path, target: Path, what: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # A rename within one disk is atomic.
        folder.rename(target)
    except OSError as error:
        raise RunError(
            f"{folder.name} cannot be {what}: {error.strerror}.", f"It is still in {folder.parent}."
        ) from error


def _trash_or_delete(folder: Path) -> None:
    """Move a run to the trash, or delete it if there is no trash."""
    try:
        send2trash(folder)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)


def compare(folders: tuple[Path, ...]) -> tuple[ComparedRun, ...]:
    """Return the curves of runs, each named by the recipe values that differ."""
    recipes = [read_checkpoint(folder).recipe.to_dict() for folder in folders]
    return tuple(
        ComparedRun(values or run_name(folder), folder, read_curves(folder))
        for folder, values in zip(folders, describe_differences(recipes), strict=True)
    )
