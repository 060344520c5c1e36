"""Training without a window: one run, several, a sweep, or an earlier run further."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.errors import RecipeError
from latentlab.learning.distributed import leads
from latentlab.learning.recipe import Recipe, read_recipe, setting_value
from latentlab.session.progress import show
from latentlab.session.record import record, resume
from latentlab.session.runs import compare, new_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def train_all(
    files: tuple[Path, ...], out: Path | None, settings: tuple[str, ...], sweep: str
) -> Iterator[str]:
    """Train recipes one after another.

    Parameters
    ----------
    files : tuple of Path
        Recipe files.
    out : Path or None
        The run folder, or that of all folders where there are several; None for new ones.
    settings : tuple of str
        Changes such as ``"training.epochs=11"``.
    sweep : str
        A key and the values it is to take in turn, such as ``"objective.beta=0.5,1,4"``.

    Yields
    ------
    str
        One line per thing done.

    Raises
    ------
    LatentlabError
        Where a recipe cannot be used, before anything is trained, or a run fails.
    """
    plans = [
        plan for file in files for plan in _plans(file.stem, read_recipe(file, settings), sweep)
    ]
    folders = []
    for name, recipe in _told_apart(plans):
        if len(plans) > 1 and leads():
            yield f"{name}:"
        folder = new_folder(recipe) if out is None else out / name if len(plans) > 1 else out
        finished = show(record(recipe, folder))
        folders.append(folder)
        if leads():
            yield f"{'Trained' if finished else 'Stopped and kept'}: {folder}"
        if not finished:
            return
    if len(folders) > 1 and leads():
        yield from _compare(folders, out or folders[0].parent)


def _plans(name: str, recipe: Recipe, sweep: str) -> list[tuple[str, Recipe]]:
    if not sweep:
        return [(name, recipe)]
    key, equals, values = sweep.partition("=")
    if not equals or "." not in key:
        raise RecipeError(
            {sweep: "a sweep is written TABLE.KEY=VALUE,VALUE, as objective.beta=1,4"}
        )
    short = key.rpartition(".")[2]
    return [
        (f"{name}-{short}-{value.strip()}", recipe.changed(key.strip(), setting_value(value)))
        for value in values.split(",")
    ]


def _told_apart(plans: list[tuple[str, Recipe]]) -> list[tuple[str, Recipe]]:
    """Add a number to names that come again, as of recipe files in several folders."""
    names = [name for name, _ in plans]
    earlier = [names[:i].count(name) for i, name in enumerate(names)]
    return [
        (f"{name}-{n + 1}" if n else name, recipe)
        for n, (name, recipe) in zip(earlier, plans, strict=True)
    ]


def _compare(folders: list[Path], out: Path) -> Iterator[str]:
    from latentlab.session.figures import save_curves

    compared = compare(tuple(folders))
    for run in compared:
        losses = {name: run.curves.get(("validation", name)) for name in ("loss", "kl")}
        last = " ".join(f"{name} {curve[1][-1]:.2f}" for name, curve in losses.items() if curve)
        yield f"{run.name:<24} validation {last}"
    save_curves(compared, out / "comparison.png")
    yield f"Compared: {out / 'comparison.png'}"


def resume_run(folder: Path, epochs: int | None) -> Iterator[str]:
    """Go on with a run, to `epochs` in all where that is given.

    Yields
    ------
    str
        One line per thing done.
    """
    finished = show(resume(folder, epochs))
    if leads():
        yield f"{'Trained' if finished else 'Stopped and kept'}: {folder}"
