"""Training from the command line: single runs, batches, sweeps and resumed runs."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from latentlab.errors import RunError, TrainingError
from latentlab.learning.checkpoint import DESCRIPTION_FILE, read_checkpoint
from latentlab.learning.events import Started
from latentlab.learning.fast.distributed import is_main
from latentlab.learning.recipe import read_values
from latentlab.learning.steering import Controls
from latentlab.runs.library import compare, make_folder, rename
from latentlab.runs.recorder import record, resume
from latentlab.runs.side_by_side import Ended, SideBySide, divide_cores
from latentlab.runs.sweeps import plan, with_unique_names
from latentlab.runs.terminal import show, show_several
from latentlab.session.curves.curves import last_losses
from latentlab.session.files.tables import write_table
from latentlab.session.recipes import SEED, SEEDS, differing_values, repeated_runs
from latentlab.session.runs import TrainingJob

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from latentlab.learning.events import Event
    from latentlab.runs.side_by_side import Cores
    from latentlab.runs.sweeps import PlannedRun
    from latentlab.session.failure import Failure


def train_all(
    files: tuple[Path, ...], out: Path | None, settings: tuple[str, ...], sweeps: tuple[str, ...]
) -> Generator[str, None, bool]:
    """Train recipes, several at once on the CPU if it has cores for them.

    Parameters
    ----------
    files : tuple of Path
        Recipe files.
    out : Path or None
        Run folder, or parent of the run folders of several runs; None for new folders.
    settings : tuple of str
        Changes such as ``"training.epochs=11"``.
    sweeps : tuple of str
        Keys with their values, such as ``"objective.beta=0.5,1,4"``. All combinations are trained.

    Yields
    ------
    str
        Lines for the terminal.

    Returns
    -------
    bool
        True if all runs finished; False if Ctrl-C stopped one.

    Raises
    ------
    LatentlabError
        If a recipe is invalid, before training starts, or a run fails; the failure of one of
        several runs is raised after the others have been trained.
    """
    plans = with_unique_names(
        [each for file in files for each in plan(file.stem, read_values(file, settings), sweeps)]
    )
    _check_free([out / each.name if len(plans) > 1 else out for each in plans] if out else [])
    cores = divide_cores([each.recipe for each in plans])
    if cores.runs > 1:
        return (yield from _train_side_by_side(plans, out, cores))
    if len(plans) > 1 and is_main():
        yield f"{len(plans)} runs, one at a time, because {cores.reason}"
    return (yield from _train(plans, out))


def _train(plans: Sequence[PlannedRun], out: Path | None) -> Generator[str, None, bool]:
    several = len(plans) > 1
    folders: list[Path] = []
    failed: list[str] = []
    first = Controls()
    for each in plans:
        if several and is_main():
            yield f"{each.name}:"
        folder = _folder_for(each, out, several)
        try:
            controls = first if each.recipe.data == plans[0].recipe.data else Controls()
            finished = show(_in_one_precision(record(each.recipe, folder, controls), controls))
        except TrainingError as error:
            if not several:
                raise
            failed.append(each.name)
            yield f"Failed: {error}"
            continue
        folders.append(folder)
        if is_main():
            yield from _report(each, folder, finished, named=several and out is None)
        if not finished:
            return False
    if is_main():
        yield from _conclude(plans, folders, failed, out)
    return True


def _in_one_precision(events: Generator[Event], controls: Controls) -> Generator[Event]:
    """Pass on the events of a run, after which the next ones compute in its precision."""
    with closing(events):
        for event in events:
            if isinstance(event, Started):
                controls.precision = event.precision
            yield event


def _train_side_by_side(
    plans: Sequence[PlannedRun], out: Path | None, cores: Cores
) -> Generator[str, None, bool]:
    yield f"{len(plans)} runs, {_division(cores)}"
    jobs = [
        TrainingJob(
            each.recipe.to_dict(),
            into=out and out / each.name,
            threads=cores.threads,
            together=cores.together,
        )
        for each in plans
    ]
    runs = SideBySide(jobs, cores.runs)
    show_several(runs.events(), [each.name for each in plans])
    folders: list[Path] = []
    failed: list[str] = []
    # Ctrl-C can come before the first of them began.
    ends = [runs.ended.get(i, Ended("stopped")) for i in range(len(plans))]
    for each, end in zip(plans, ends, strict=True):
        if end.failure:
            if not end.folder:
                raise _error(end.failure)
            failed.append(each.name)
            yield f"{each.name} failed: {_error(end.failure)}"
        elif end.folder and (end.folder / DESCRIPTION_FILE).exists():
            folders.append(end.folder)
            yield from _report(each, end.folder, end.outcome == "finished", named=out is None)
    if any(end.outcome == "stopped" for end in ends):
        return False
    yield from _conclude(plans, folders, failed, out)
    return True


def _division(cores: Cores) -> str:
    if cores.together:
        return f"{cores.runs} at a time, together on the GPU"
    each_has = "1 thread" if cores.threads == 1 else f"{cores.threads} threads"
    return f"{cores.runs} at a time with {each_has} each"


def _error(failure: Failure) -> RunError:
    return RunError(failure.title, failure.details or failure.advice)


def _conclude(
    plans: Sequence[PlannedRun], folders: list[Path], failed: list[str], out: Path | None
) -> Iterator[str]:
    """Compare the runs; raise an error that names those that have failed."""
    if len(folders) > 1:
        yield from _compare(folders, out or folders[0].parent)
    if failed:
        raise TrainingError(f"{len(failed)} of {len(plans)} runs failed: {', '.join(failed)}.")


def _check_free(folders: Sequence[Path]) -> None:
    """Reject folders that hold a run before any training starts."""
    for folder in folders:
        if (folder / DESCRIPTION_FILE).exists():
            raise RunError(f"{folder} already holds a run.", "Resume it, or choose another folder.")


def _folder_for(each: PlannedRun, out: Path | None, several: bool) -> Path:
    if out is None:
        return make_folder(each.recipe) if is_main() else Path()
    return out / each.name if several else out


def _report(each: PlannedRun, folder: Path, finished: bool, *, named: bool) -> Iterator[str]:
    if named:
        rename(folder, each.name)
    yield _end_of(folder, finished)


def _end_of(folder: Path, finished: bool) -> str:
    return f"{'Trained' if finished else 'Stopped and kept'}: {folder}"


def _compare(folders: list[Path], out: Path) -> Iterator[str]:
    from latentlab.runs.figures import save_curves

    compared = compare(tuple(folders))
    for run in compared:
        losses = {name: run.curves.get(("validation", name)) for name in ("loss", "kl")}
        last = " ".join(f"{name} {curve[1][-1]:.2f}" for name, curve in losses.items() if curve)
        yield f"{run.name:<24} validation {last}"
    picture = _free(out / "comparison.png")
    save_curves(compared, picture)
    save_comparison(folders, picture.with_suffix(".csv"))
    yield f"Compared: {picture} and {picture.with_suffix('.csv').name}"
    over_seeds = picture.with_name(f"{picture.stem}-over-seeds.csv")
    if save_over_seeds(folders, over_seeds):
        yield f"Mean and standard deviation over seeds: {over_seeds}"


def _free(path: Path) -> Path:
    """Return a path that does not exist, also not with the suffix ``.csv``."""
    number, free = 2, path
    while free.exists() or free.with_suffix(".csv").exists():
        free, number = path.with_stem(f"{path.stem}-{number}"), number + 1
    return free


def save_comparison(folders: Sequence[Path], path: Path) -> None:
    """Write one CSV line per run: the recipe values that differ, and its last losses.

    Raises
    ------
    RunError
        If a folder holds no run, or the file cannot be written.
    """
    checkpoints = [read_checkpoint(folder) for folder in folders]
    settings = differing_values([checkpoint.recipe.to_dict() for checkpoint in checkpoints])
    losses = [_flat_losses(folder) for folder in folders]
    terms = list(dict.fromkeys(name for each in losses for name in each))
    write_table(
        path,
        ["run", *settings, "epoch", *terms],
        (
            [
                str(folder),
                *(_plain(values[i]) for values in settings.values()),
                checkpoints[i].epoch,
                *(round(losses[i][term], 5) if term in losses[i] else "" for term in terms),
            ]
            for i, folder in enumerate(folders)
        ),
    )


def save_over_seeds(folders: Sequence[Path], path: Path) -> bool:
    """Write one CSV line per group of runs that differ in their seed only.

    Each line has the values that differ between groups, the number of runs, and the mean and the
    sample standard deviation of each loss.

    Returns
    -------
    bool
        False if no runs are repeated; nothing is then written.

    Raises
    ------
    RunError
        If a folder holds no run, or the file cannot be written.
    """
    recipes = [read_checkpoint(folder).recipe.to_dict() for folder in folders]
    groups = repeated_runs(recipes)
    if not groups:
        return False
    settings = differing_values([recipes[members[0]] for members in groups])
    settings = {key: values for key, values in settings.items() if key not in (SEED, SEEDS)}
    losses = [[_flat_losses(folders[i]) for i in members] for members in groups]
    terms = list(dict.fromkeys(name for group in losses for each in group for name in each))
    heads = [f"{term}_{name}" for term in terms for name in ("mean", "std")]
    rows = [
        [
            *(_plain(values[row]) for values in settings.values()),
            len(group),
            *(number for term in terms for number in _mean_and_deviation(group, term)),
        ]
        for row, group in enumerate(losses)
    ]
    write_table(path, [*settings, "runs", *heads], rows)
    return True


def _mean_and_deviation(group: Sequence[Mapping[str, float]], term: str) -> tuple[str, str]:
    values = [losses[term] for losses in group if term in losses]
    if len(values) < 2:
        return "", ""
    return f"{fmean(values):.5f}", f"{stdev(values):.5f}"


def _flat_losses(folder: Path) -> dict[str, float]:
    last = last_losses(folder)
    return {f"{split}_{name}": value for split in last for name, value in last[split].items()}


def _plain(value: object) -> object:
    if value is None:
        return ""
    return value if isinstance(value, str | int | float) else json.dumps(value)


def resume_run(folder: Path, epochs: int | None) -> Generator[str, None, bool]:
    """Resume a run, up to a total of `epochs` if given.

    Yields
    ------
    str
        Lines for the terminal.

    Returns
    -------
    bool
        True if the run finished; False if Ctrl-C stopped it.
    """
    finished = show(resume(folder, epochs))
    if is_main():
        yield _end_of(folder, finished)
    return finished
