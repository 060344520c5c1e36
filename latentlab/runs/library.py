"""Library of run folders: list, name, delete, discard and restore runs."""

from __future__ import annotations

import math
import os
import shutil
import time
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from send2trash import send2trash

from latentlab.atomic_write import (
    check_present,
    is_incomplete,
    is_missing,
    not_written,
    write_atomically,
)
from latentlab.directories import is_imported, resources, runs
from latentlab.errors import RunError, shown
from latentlab.latent.encode import decode
from latentlab.latent.prior_samples import sample_prior
from latentlab.learning.checkpoint import (
    DESCRIPTION_FILE,
    WEIGHTS_FILE,
    load_model,
    read_checkpoint,
)
from latentlab.learning.training_state import RESUME_FILE as POSITION
from latentlab.runs.image_files import read_png, save_image
from latentlab.runs.notes import is_shipped, notes_file, read_notes
from latentlab.runs.provenance import FILE as PROVENANCE
from latentlab.runs.provenance import read_provenance
from latentlab.runs.run_data import FILE as RUN_DATA
from latentlab.runs.run_lock import is_in_training
from latentlab.runs.run_log import FAILURE, read_failure, read_short_text
from latentlab.session.curves.curves import TEST, VALIDATION, read_curves
from latentlab.session.files.mosaic import tile
from latentlab.session.library.comparable import scale_of
from latentlab.session.library.entries import LibraryEntry, OverSeeds
from latentlab.session.library.run_names import MAX_NAME_LENGTH, default_name, start_of
from latentlab.session.recipes import (
    describe_differences,
    describe_rare_values,
    recipe_title,
    repeated_runs,
    value_of,
)
from latentlab.session.runs import ComparedRun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from latentlab.learning.recipe import Recipe

RECIPE = "recipe.toml"
PREVIEW = "preview.png"
NAME = "name.txt"
DISCARDED = "discarded"
"""Name of the subfolder for discarded runs."""
MAX_DISCARDED = 10
MAX_CACHED = 4096
"""Maximum number of entries that are not read again while their files stay the same."""


def write_preview(folder: Path) -> None:
    """Write an image of 16 prior samples to a run folder."""
    model, checkpoint = load_model(folder)
    labels = checkpoint.spec.labels_in_turn(16)
    pictures = decode(model, sample_prior(model, 16, 0, labels), labels)
    save_image(tile(pictures, 4), folder / PREVIEW, {"samples": 16, "seed": 0})


def new_folder(recipe: Recipe) -> Path:
    """Return the path of a new run folder that does not exist yet."""
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{recipe.model.kind}-{recipe.data.kind}"
    folder, number = runs() / name, 2
    while folder.exists():
        folder, number = runs() / f"{name}-{number}", number + 1
    return folder


def make_folder(recipe: Recipe) -> Path:
    """Make a new run folder; programs that start in the same second get different ones.

    Raises
    ------
    RunError
        If the library cannot be written.
    """
    while True:
        folder = new_folder(recipe)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise not_written(folder, error) from error
        return folder


def library() -> tuple[LibraryEntry, ...]:
    """Return the shipped models, then the user's runs, newest first."""
    shipped, own = run_folders(resources() / "models"), run_folders(runs())
    read = [read_entry(folder) for folder in (*shipped, *reversed(own))]
    recipes = [recipe for _, recipe in read]
    differences, over_seeds = _differences(recipes), _over_seeds(read)
    return tuple(
        replace(entry, differences=text, over_seeds=several) if text or several else entry
        for (entry, _), text, several in zip(read, differences, over_seeds, strict=True)
    )


def _over_seeds(
    read: Sequence[tuple[LibraryEntry, Mapping[str, Any] | None]],
) -> list[OverSeeds | None]:
    """Return the losses over seeds for each entry; None for runs that are not repeated."""
    found: list[OverSeeds | None] = [None] * len(read)
    finished = [recipe if entry.epoch == entry.epochs else None for entry, recipe in read]
    for members in repeated_runs(finished):
        losses = [loss for i in members if (loss := read[i][0].loss) is not None]
        for i in members if len(losses) > 1 else ():
            found[i] = OverSeeds.of(losses)
    return found


def _differences(
    recipes: Sequence[Mapping[str, Any] | None],
    describe: Callable[[Sequence[Mapping[str, Any]]], list[str]] = describe_rare_values,
) -> list[str]:
    """Describe what tells each recipe from most others of the same model and data set."""
    families: dict[tuple[str, str], list[int]] = {}
    for i, recipe in enumerate(recipes):
        if recipe is not None:
            family = str(value_of(recipe, "model.kind")), str(value_of(recipe, "data.kind"))
            families.setdefault(family, []).append(i)
    texts = [""] * len(recipes)
    for members in families.values():
        described = describe([recipes[i] or {} for i in members])
        for i, text in zip(members, described, strict=True):
            texts[i] = text
    return texts


def run_folders(parent: Path) -> list[Path]:
    """Return the run folders in a folder, sorted by name, including incomplete ones."""
    files = (file for name in (DESCRIPTION_FILE, WEIGHTS_FILE) for file in parent.glob(f"*/{name}"))
    return sorted({file.parent for file in files if not is_incomplete(file.parent)})


def read_entry(folder: Path) -> tuple[LibraryEntry, Mapping[str, Any] | None]:
    """Return the entry of a run, and its recipe if it can be compared; cached until a file changes.

    A damaged run has no recipe, and that of an imported model is no choice of the user.
    """
    names = (DESCRIPTION_FILE, PREVIEW, NAME, FAILURE, POSITION, PROVENANCE)
    files = [folder / name for name in names]
    return _read_entry(folder, tuple(map(_version, [*files, notes_file(folder)])))


def _version(file: Path) -> tuple[int, int, int] | None:
    """Return what changes whenever a file is written; None if there is no file."""
    try:
        status = file.stat()
    except (OSError, ValueError):
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


@lru_cache(maxsize=MAX_CACHED)
def _read_entry(folder: Path, versions: object) -> tuple[LibraryEntry, Mapping[str, Any] | None]:
    name, shipped, notes = run_name(folder), is_shipped(folder), read_notes(folder)
    started = None if shipped else _started(folder)
    try:
        checkpoint = read_checkpoint(folder)
    except RunError as error:
        # The folder is displayed with the reason, so it is removed from the message.
        reason = shown(error.message.replace(f"{folder}{os.sep}", ""), 100)
        entry = LibraryEntry(
            name, reason, folder, shipped, damage=str(error), started=started, notes=notes
        )
        return entry, None
    recipe, losses = checkpoint.recipe.to_dict(), checkpoint.metrics.get(VALIDATION, {})
    test = _finite(checkpoint.metrics.get(TEST, {}).get("loss"))
    loss, rate, distortion = (_finite(losses.get(key)) for key in ("loss", "kl", "reconstruction"))
    imported = is_imported(folder)
    # The recipe of an imported model has no data set if that is unknown.
    known = recipe if not imported or (folder / RUN_DATA).exists() else {"model": recipe["model"]}
    entry = LibraryEntry(
        name,
        recipe_title(known),
        folder,
        shipped,
        read_png(folder / PREVIEW),
        checkpoint.epoch,
        0 if imported else checkpoint.recipe.training.epochs,
        resumable=not shipped and (folder / POSITION).exists(),
        failure=read_failure(folder),
        loss=loss,
        rate=rate,
        distortion=distortion,
        test=test,
        started=started,
        notes=notes,
        provenance=str(read_provenance(folder) or ""),
        scale=scale_of(recipe),
    )
    # An import has its own name, and nothing of its recipe was chosen here.
    return entry, None if imported else recipe


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _started(folder: Path) -> float | None:
    """Return the start of a run from its folder's name, else the time of its recipe file."""
    start = start_of(folder.name)
    try:
        return start if start is not None else (folder / RECIPE).stat().st_mtime
    except OSError:
        return None


def run_name(folder: Path) -> str:
    """Return the display name of a run: the user's name for it, or a readable folder name."""
    return given_name(folder) or default_name(folder.name)


def names_among(folders: Sequence[Path], recipes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return names that tell runs apart: the user's, else the values that differ among their kind.

    The runs of a sweep have the same default name, but for their time.
    """
    values = _differences(recipes, describe_differences)
    return [
        given_name(folder) or shown(differing, MAX_NAME_LENGTH) or run_name(folder)
        for folder, differing in zip(folders, values, strict=True)
    ]


def given_name(folder: Path) -> str:
    """Return the user's name for a run; empty if there is none."""
    name = " ".join(read_short_text(folder / NAME).split())
    return shown(name, MAX_NAME_LENGTH) if name else ""


def rename(folder: Path, name: str) -> None:
    """Rename a run; an empty name restores the default.

    Raises
    ------
    RunError
        If the folder is gone or cannot be written.
    """
    check_present(folder, "name")
    write_atomically(folder / NAME, name.strip().encode())


def trash(folder: Path) -> None:
    """Move a run to the system's trash.

    Raises
    ------
    RunError
        If it is a shipped model, or there is no trash.
    """
    if is_shipped(folder.resolve()):
        raise RunError(f"{folder.name} is a shipped model and cannot be deleted.")
    if is_in_training(folder):
        raise RunError(f"{folder.name} is in training.", "Stop it before you delete it.")
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
        place = "" if is_missing(folder) else f"It is still in {folder.parent}."
        raise RunError(f"{folder.name} cannot be {what}: {error.strerror}.", place) from error


def _trash_or_delete(folder: Path) -> None:
    """Move a run to the trash, or delete it if there is no trash."""
    try:
        send2trash(folder)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)


def compare(folders: tuple[Path, ...]) -> tuple[ComparedRun, ...]:
    """Return the curves of runs, each named by the user, else by the values that differ."""
    recipes = [read_checkpoint(folder).recipe.to_dict() for folder in folders]
    return tuple(
        ComparedRun(given_name(folder) or values or run_name(folder), folder, read_curves(folder))
        for folder, values in zip(folders, describe_differences(recipes), strict=True)
    )
