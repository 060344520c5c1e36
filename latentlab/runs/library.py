"""Run folders: what a training run leaves on disk."""

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
from latentlab.learning.checkpoint import DESCRIPTION, WEIGHTS, load_model, read_checkpoint
from latentlab.learning.training_state import FILE as POSITION
from latentlab.runs.image_files import read_png, save_picture
from latentlab.runs.run_log import read_failure, read_note
from latentlab.session.curves import VALIDATION, read_curves
from latentlab.session.mosaic import tile
from latentlab.session.recipes import differences
from latentlab.session.runs import Compared, Entry

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.learning.recipe import Recipe

RECIPE = "recipe.toml"
PREVIEW = "preview.png"
NAME = "name.txt"
LONGEST_NAME = 80
DISCARDED = "discarded"
"""Folder beside the runs for those that were discarded."""
MOST_DISCARDED = 10


def write_preview(folder: Path) -> None:
    """Put a picture of 16 samples beside a checkpoint."""
    model, checkpoint = load_model(folder)
    labels = labels_for(16, checkpoint.spec.classes, None)
    pictures = decode(model, sample_prior(model, 16, seed=0), labels)
    save_picture(tile(pictures, 4), folder / PREVIEW, {"samples": 16, "seed": 0})


def new_folder(recipe: Recipe) -> Path:
    """Return a folder for a new run that does not exist yet."""
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{recipe.model.kind}-{recipe.data.kind}"
    folder, number = runs() / name, 2
    while folder.exists():
        folder, number = runs() / f"{name}-{number}", number + 1
    return folder


def library() -> tuple[Entry, ...]:
    """Return the shipped models, then the user's runs, newest first."""
    shipped, own = _folders(resources() / "models"), _folders(runs())
    entries = [_entry(folder, shipped=True) for folder in shipped]
    return (*entries, *(_entry(folder, shipped=False) for folder in reversed(own)))


def _folders(place: Path) -> list[Path]:
    """Return the run folders in a folder, by name; also those that lack one of their files."""
    files = (file for name in (DESCRIPTION, WEIGHTS) for file in place.glob(f"*/{name}"))
    return sorted({file.parent for file in files})


def _entry(folder: Path, *, shipped: bool) -> Entry:
    try:
        checkpoint = read_checkpoint(folder)
    except RunError as error:
        # The folder is said below the reason anyway.
        reason = error.message.replace(f"{folder}{os.sep}", "")
        return Entry(run_name(folder), shown(reason, 100), folder, shipped, damage=str(error))
    size = getattr(checkpoint.recipe.model, "latent_dim", "?")
    beta = getattr(checkpoint.recipe.objective, "beta", 1.0)
    parts = [f"{checkpoint.recipe.model.kind.upper()} {size}-D"]
    parts += [f"beta {beta:g}"] if beta != 1.0 else []
    parts += [checkpoint.recipe.data.kind]
    loss = checkpoint.metrics.get(VALIDATION, {}).get("loss")
    parts += [f"{loss:.1f} nats"] if loss is not None and np.isfinite(loss) else []
    preview = read_png(folder / PREVIEW)
    return Entry(
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
    """Return what people call a run: the name they gave it, or its folder's made readable."""
    if name := read_note(folder / NAME):
        return shown(" ".join(name.split()), LONGEST_NAME)
    stamp, _, rest = folder.name.partition("-")
    clock, _, kinds = rest.partition("-")
    try:
        moment = time.strptime(f"{stamp}{clock}", "%Y%m%d%H%M%S")
    except ValueError:
        return folder.name
    return f"{kinds} · {time.strftime('%d %b %H:%M', moment)}"


def rename(folder: Path, name: str) -> None:
    """Call a run something else; an empty name gives it its first one back.

    Raises
    ------
    RunError
        Where the folder cannot be written.
    """
    write_atomically(folder / NAME, name.strip().encode())


def trash(folder: Path) -> None:
    """Move a run to the system's trash.

    Raises
    ------
    RunError
        Where it is none of the user's own, or there is no trash.
    """
    if folder.resolve().parent == (resources() / "models").resolve():
        raise RunError(f"{folder.name} came with latentlab and stays.")
    try:
        send2trash(folder)
    except OSError as error:
        raise RunError(f"{folder} cannot be moved to the trash: {error}.") from error


def discard(folder: Path) -> Path:
    """Move a cancelled run out of the library and return where it is, for `restore`.

    The latest `MOST_DISCARDED` stay there; older ones go to the system's trash.

    Raises
    ------
    RunError
        Where it cannot be moved; it then stays in the library.
    """
    place = folder.parent / DISCARDED / folder.name
    _move(folder, place, "discarded")
    others = sorted(other for other in place.parent.iterdir() if other != place)
    for old in others[: max(0, len(others) + 1 - MOST_DISCARDED)]:
        _let_go(old)
    return place


def restore(place: Path) -> Path:
    """Move a discarded run back among the runs and return its folder.

    Raises
    ------
    RunError
        Where it is no longer there or cannot be moved.
    """
    if not place.is_dir():
        raise RunError(f"{place} is no longer there.", "Look for it in the system's trash.")
    folder = place.parent.parent / place.name
    _move(place, folder, "restored")
    return folder


def _move(folder: Path, place: Path, what: str) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        # Within one disk, so that the run is here or there at any moment.
        folder.rename(place)
    except OSError as error:
        raise RunError(
            f"{folder.name} cannot be {what}: {error.strerror}.", f"It is still in {folder.parent}."
        ) from error


def _let_go(folder: Path) -> None:
    """Move a run to the trash, or delete it where there is none."""
    try:
        send2trash(folder)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)


def compare(folders: tuple[Path, ...]) -> tuple[Compared, ...]:
    """Return the curves of runs, each named by what sets it apart from the others."""
    recipes = [read_checkpoint(folder).recipe.to_dict() for folder in folders]
    return tuple(
        Compared(apart or run_name(folder), folder, read_curves(folder))
        for folder, apart in zip(folders, differences(recipes), strict=True)
    )
