"""The data of a run: what its folder keeps of it, and finding it again from anywhere.

``data.json`` holds the fingerprint of the images, and where they lay: seen from the run folder, so
that both can be moved together, and as absolute paths, so that either can be moved alone.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, TypeAdapter

from latentlab.atomic_write import is_missing, write_atomically
from latentlab.data.fingerprint import Fingerprint, compare, joined, misfit, take
from latentlab.errors import DataError, LatentlabError
from latentlab.json_files import Record, read_json
from latentlab.learning.checkpoint import DESCRIPTION

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.data.image_set import DataConfig, ImageSpec, Splits
    from latentlab.learning.recipe import Recipe
    from latentlab.work import Progress

FILE = "data.json"
MAX_BYTES = 1 << 28
UNKNOWN = "Which images this run held out is not known: an earlier latentlab made it."
INEXACT = "The run goes on with these, not exactly as it would have."


class Place(Record):
    """Where a file or folder lay when a run was made.

    Parameters
    ----------
    absolute : str
        Its absolute path.
    relative : str or None
        Its path seen from the run folder; None where there is no way, as between two drives.
    """

    absolute: str
    relative: str | None = None


class RunData(Record):
    """What a run folder keeps of its data.

    Parameters
    ----------
    format : int
        Version of this file.
    kind : str
        The kind of data set.
    images : Fingerprint
        Which images there were, and which were held out.
    paths : dict of str to Place
        Where they lay, by the field of the data config.
    """

    format: Literal[1] = 1
    kind: Annotated[str, Field(max_length=200)]
    images: Fingerprint
    paths: dict[str, Place] = Field(default_factory=dict)


_RUN_DATA = TypeAdapter(RunData)


def write_run_data(folder: Path, data: DataConfig, splits: Splits) -> None:
    """Keep in a run folder which images a run has, and where they lie.

    A run that goes on with images that have changed keeps those of before as well. Of a run that
    an earlier latentlab made nothing is kept, where it is not known what it held out.

    Raises
    ------
    RunError
        Where the folder cannot be written.
    """
    images, before = take(splits), read_run_data(folder)
    if before:
        kept = before.model_copy(update={"images": joined(before.images, images)})
    elif splits.train.keys is not None and (folder / DESCRIPTION).exists():
        return
    else:
        places = {name: _place(path, folder) for name, path in paths_of(data).items()}
        kept = RunData(kind=data.kind, images=images, paths=places)
    write_atomically(folder / FILE, f"{kept.model_dump_json(indent=1)}\n".encode())


def read_run_data(folder: Path) -> RunData | None:
    """Return what a run folder keeps of its data; None where an earlier latentlab made it.

    Raises
    ------
    RunError
        Where the file is damaged.
    """
    file = folder / FILE
    if is_missing(file):
        return None
    advice = "Restore it from a copy, or delete it; which images were held out is then not known."
    return read_json(file, _RUN_DATA, advice=advice, most=MAX_BYTES)


def load_run_data(
    folder: Path, data: DataConfig, spec: ImageSpec | None, *, resuming: bool = False
) -> Generator[Progress, None, Splits]:
    """Find the images of a run, compare them with those it was made with, and read them.

    Parameters
    ----------
    folder : Path
        The run folder.
    data : DataConfig
        The data of its recipe.
    spec : ImageSpec or None
        What its model is made for; None where that is not known.
    resuming : bool
        Whether the run is to go on; else nothing is downloaded.

    Returns
    -------
    Splits
        What the run held out is held out again; the note says what has changed since.

    Raises
    ------
    DataError
        Where there are no such images; names the places where they were looked for.
    RunError
        Where ``data.json`` is damaged.
    """
    kept = read_run_data(folder)
    problem: DataError | None = None
    changed: tuple[Splits, str] | None = None
    for config in _candidates(folder, data, kept):
        try:
            if not resuming and not config.available():
                raise _nowhere(data.kind, list(paths_of(config).values()))
            splits = yield from config.load()
            splits, change = _checked(splits, config, kept, spec)
        except DataError as error:
            problem = problem or error
            continue
        changed = changed or (splits, change)
        if not change:
            return splits
    if changed:
        return _noted(*changed, INEXACT if resuming else "")
    assert problem
    raise problem


def _noted(splits: Splits, *told: str) -> Splits:
    return replace(splits, note=" ".join(filter(None, (splits.note, *told))))


def _checked(
    splits: Splits, config: DataConfig, kept: RunData | None, spec: ImageSpec | None
) -> tuple[Splits, str]:
    """Return the images with the parts that the run had, and what has changed since.

    Raises
    ------
    DataError
        Where they cannot be those of the run.
    """
    problem = misfit(spec, splits.spec) if spec else ""
    change = "" if kept or splits.train.keys is None else UNKNOWN
    if kept and not problem:
        found = compare(kept.images, splits)
        splits, problem, change = found.splits, found.problem, found.change
    if problem:
        where = " and ".join(map(str, paths_of(config).values())) or config.kind
        raise DataError(
            f"{problem[0].upper()}{problem[1:]} ({where}).",
            "Put back the images that this run was made with, or train a new model.",
        )
    return splits, change


def located(folder: Path, recipe: Recipe) -> Recipe:
    """Return a run's recipe with the paths at which its data is found from here, if it is."""
    try:
        data = _candidates(folder, recipe.data, read_run_data(folder))[0]
    except LatentlabError:
        return recipe
    return recipe.model_copy(update={"data": data})


def paths_of(data: DataConfig) -> dict[str, Path]:
    """Return the paths of a data config by their fields."""
    values = {name: getattr(data, name) for name in type(data).model_fields}
    return {name: value for name, value in values.items() if isinstance(value, Path)}


def _place(path: Path, folder: Path) -> Place:
    absolute = path.absolute()
    try:
        # The folder without links: from there, one folder up is where it seems to be.
        relative = Path(os.path.relpath(absolute, folder.resolve())).as_posix()
    except ValueError:
        relative = None
    return Place(absolute=str(absolute), relative=relative)


def _candidates(folder: Path, data: DataConfig, kept: RunData | None) -> list[DataConfig]:
    """Return the data config with every choice of paths at which there is something.

    Raises
    ------
    DataError
        Where there is nothing at any of the places of a path.
    """
    places = {
        name: _places(path, folder, kept.paths.get(name) if kept else None)
        for name, path in paths_of(data).items()
    }
    found: list[dict[str, Path]] = []
    for i in range(3):
        # What is not there by this rule may be there by another.
        chosen = {name: _first([paths[i], *paths]) for name, paths in places.items()}
        if missing := [name for name, path in chosen.items() if path is None]:
            raise _nowhere(data.kind, places[missing[0]])
        paths = {name: path for name, path in chosen.items() if path}
        found += [paths] if paths not in found else []
    return [data.model_copy(update=paths) for paths in found]


def _places(path: Path, folder: Path, place: Place | None) -> list[Path]:
    """Return where a path of a recipe may lead: from the run, as it was, and from here."""
    here = path.absolute()
    if place is None:
        return [here, here, here]
    beside = (folder.resolve() / place.relative) if place.relative else here
    return [Path(os.path.normpath(beside)), Path(place.absolute), here]


def _first(paths: list[Path]) -> Path | None:
    return next((path for path in paths if path.exists()), None)


def _nowhere(kind: str, paths: list[Path]) -> DataError:
    where = " or ".join(dict.fromkeys(map(str, paths)))
    return DataError(
        f"{kind}{f' in {where}' if where else ''} is not on this machine.",
        "Put the images back there, or move them and the run together." if where else "",
    )
