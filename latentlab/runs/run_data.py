"""Data of a run: its record in the run folder, and the search for its images.

``data.json`` holds the fingerprint of the images and their paths: relative to the run folder, so
that both can be moved together, and absolute, so that either can be moved alone.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, TypeAdapter

from latentlab.atomic_write import is_missing, write_atomically
from latentlab.data.binarize import binarized, grey
from latentlab.data.conditions import read_splits
from latentlab.data.fingerprint import Fingerprint, compare, joined, misfit, take
from latentlab.data.leave_out import leave_out
from latentlab.errors import DataError, LatentlabError, RunError
from latentlab.json_files import Record, read_json
from latentlab.learning.checkpoint import DESCRIPTION_FILE, read_checkpoint

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.data.data_set import DataConfig
    from latentlab.data.image_set import ImageSpec
    from latentlab.data.parts import Splits
    from latentlab.learning.recipe import Recipe
    from latentlab.work import Progress

FILE = "data.json"
MAX_BYTES = 1 << 28
UNKNOWN_SPLIT_NOTE = (
    "The held-out images of this run are unknown: an older version of latentlab made it."
)
CHANGED_DATA_NOTE = "The run continues with these images, but not exactly as with the earlier ones."


class StoredPath(Record):
    """Path of a file or folder when a run was made.

    Parameters
    ----------
    absolute : str
        Absolute path.
    relative : str or None
        Path relative to the run folder; None if impossible, as between two drives.
    """

    absolute: str
    relative: str | None = None


class RunData(Record):
    """Content of ``data.json``.

    Parameters
    ----------
    format : int
        Version of the file format.
    kind : str
        Kind of data set.
    images : Fingerprint
        Fingerprint of the images, including which were held out.
    paths : dict of str to Place
        Paths of the images by field of the data config.
    """

    format: Literal[1] = 1
    kind: Annotated[str, Field(max_length=200)]
    images: Fingerprint
    paths: dict[str, StoredPath] = Field(default_factory=dict)


_RUN_DATA = TypeAdapter(RunData)


def write_run_data(folder: Path, data: DataConfig, splits: Splits) -> Fingerprint:
    """Write the fingerprint and the paths of a run's images to its folder; return the fingerprint.

    A run resumed with changed images keeps the earlier fingerprints as well. For a run of an
    earlier latentlab whose held-out images are unknown, nothing is written.

    Raises
    ------
    RunError
        If the folder cannot be written.
    """
    images, previous = take(grey(splits)), read_run_data(folder)
    if previous:
        record = previous.model_copy(update={"images": joined(previous.images, images)})
    elif splits.train.keys is not None and (folder / DESCRIPTION_FILE).exists():
        return images
    else:
        places = {name: _place(path, folder) for name, path in path_fields(data).items()}
        record = RunData(kind=data.kind, images=images, paths=places)
    write_atomically(folder / FILE, f"{record.model_dump_json(indent=1)}\n".encode())
    return images


def read_run_data(folder: Path) -> RunData | None:
    """Read ``data.json`` of a run folder; None for a run of an earlier latentlab.

    Raises
    ------
    RunError
        If the file is damaged.
    """
    file = folder / FILE
    if is_missing(file):
        return None
    advice = "Restore it from a copy, or delete it; the held-out images are then unknown."
    return read_json(file, _RUN_DATA, advice=advice, most=MAX_BYTES)


def load_run_data(
    folder: Path, data: DataConfig, spec: ImageSpec | None, *, resuming: bool = False
) -> Generator[Progress, None, Splits]:
    """Find and read the images of a run, and compare them with its fingerprint.

    Parameters
    ----------
    folder : Path
        Run folder.
    data : DataConfig
        Data config of its recipe.
    spec : ImageSpec or None
        Image format of its model; None if unknown.
    resuming : bool
        Whether the run is resumed; otherwise nothing is downloaded.

    Returns
    -------
    Splits
        The images, with the same held-out part; the note says what has changed.

    Raises
    ------
    DataError
        If there are no such images; the message names the searched paths.
    RunError
        If ``data.json`` is damaged.
    """
    kept = read_run_data(folder)
    problem: DataError | None = None
    changed: tuple[Splits, str] | None = None
    for config in _candidates(folder, data, kept):
        try:
            if not resuming and not config.available():
                raise _not_found(data.kind, list(path_fields(config).values()))
            splits = yield from read_splits(config, spec.conditions if spec else ())
            splits, change = _checked(splits, config, kept, spec)
            # Of changed data, the parts are those of the record, and new images are for training.
            splits = binarized(leave_out(splits, config), config)
        except DataError as error:
            problem = problem or error
            continue
        changed = changed or (splits, change)
        if not change:
            return splits
    if changed:
        return _with_notes(*changed, CHANGED_DATA_NOTE if resuming else "")
    assert problem
    raise problem


def relink(folder: Path, path: Path) -> Generator[Progress, None, str]:
    """Point a run whose data moved to it again, after a comparison with its fingerprint.

    Parameters
    ----------
    folder : Path
        Run folder.
    path : Path
        Folder or file that holds the images now. If the run also used a label or attribute file,
        the one of the same name beside it is used.

    Yields
    ------
    Progress
        Progress of reading the images.

    Returns
    -------
    str
        What was found, and what has changed, as text for the user.

    Raises
    ------
    DataError
        If these are not the images of the run; the run is then unchanged.
    RunError
        If the run cannot be read or written, or is too old to recognise its images.
    """
    checkpoint, kept = read_checkpoint(folder), read_run_data(folder)
    if kept is None:
        raise RunError(
            f"{folder.name} has no {FILE}, so it cannot recognise its images.",
            "Put the images back where they were when it was trained.",
        )
    data = checkpoint.recipe.data
    config = data.model_copy(update=_moved_paths(data, kept, path.absolute()))
    found_now = yield from read_splits(config, checkpoint.spec.conditions)
    splits, change = _checked(found_now, config, kept, checkpoint.spec)
    places = {name: _place(place, folder) for name, place in path_fields(config).items()}
    record = kept.model_copy(update={"paths": places})
    write_atomically(folder / FILE, f"{record.model_dump_json(indent=1)}\n".encode())
    found = f"The images of {folder.name} are in {path} now: {splits.counts}."
    return " ".join(filter(None, (found, change)))


def _moved_paths(data: DataConfig, kept: RunData, path: Path) -> dict[str, Path]:
    """Return the new path of each path of a data config.

    Raises
    ------
    DataError
        If the data set is not read from a path.
    """
    before = {name: Path(place.absolute) for name, place in kept.paths.items()}
    before |= {name: old for name, old in path_fields(data).items() if name not in before}
    if not before:
        named = [name for name in ("root", "images") if name in type(data).model_fields]
        if not named:
            raise DataError(f"The data set {data.kind} is not read from a folder or file.")
        return {named[0]: path}
    # The images are the first field; others are tables and labels.
    first, *others = sorted(before, key=[*type(data).model_fields].index)
    # Of a file, the folder that it is in now may be given.
    inside = path / before[first].name
    found = {first: inside if inside.is_file() else path}
    for name in others:
        beside = [path.parent / before[name].name, path / before[name].name, before[name]]
        found[name] = _first(beside) or before[name]
    return found


def _with_notes(splits: Splits, *notes: str) -> Splits:
    return replace(splits, note=" ".join(filter(None, (splits.note, *notes))))


def _checked(
    splits: Splits, config: DataConfig, kept: RunData | None, spec: ImageSpec | None
) -> tuple[Splits, str]:
    """Return the images with the parts of the run, and a description of what has changed.

    Raises
    ------
    DataError
        If they cannot be the images of the run.
    """
    problem = misfit(spec, splits.spec) if spec else ""
    change = "" if kept or splits.train.keys is None else UNKNOWN_SPLIT_NOTE
    if kept and not problem:
        found = compare(kept.images, splits)
        splits, problem, change = found.splits, found.problem, found.change
    if problem:
        where = " and ".join(map(str, path_fields(config).values())) or config.kind
        raise DataError(
            f"{problem[0].upper()}{problem[1:]} ({where}).",
            "Restore the images that this run was made with, or train a new model.",
        )
    return splits, change


def with_current_paths(folder: Path, recipe: Recipe) -> Recipe:
    """Return the recipe of a run with the current paths of its data, if found."""
    try:
        data = _candidates(folder, recipe.data, read_run_data(folder))[0]
    except LatentlabError:
        return recipe
    return recipe.model_copy(update={"data": data})


def path_fields(data: DataConfig) -> dict[str, Path]:
    """Return the paths of a data config by field."""
    values = {name: getattr(data, name) for name in type(data).model_fields}
    return {name: value for name, value in values.items() if isinstance(value, Path)}


def _place(path: Path, folder: Path) -> StoredPath:
    absolute = path.absolute()
    try:
        # Resolve symbolic links: `..` in a relative path refers to the real parent folder.
        relative = Path(os.path.relpath(absolute, folder.resolve())).as_posix()
    except ValueError:
        relative = None
    return StoredPath(absolute=str(absolute), relative=relative)


def _candidates(folder: Path, data: DataConfig, kept: RunData | None) -> list[DataConfig]:
    """Return the data config with each set of existing candidate paths.

    Raises
    ------
    DataError
        If no candidate of a path exists.
    """
    stored = {name: Path(place.absolute) for name, place in kept.paths.items()} if kept else {}
    places = {
        name: _places(path, folder, kept.paths.get(name) if kept else None)
        for name, path in (stored | path_fields(data)).items()
    }
    found: list[dict[str, Path]] = []
    for i in range(3):
        # Prefer the candidate of rule i, and fall back to the others.
        chosen = {name: _first([paths[i], *paths]) for name, paths in places.items()}
        if missing := [name for name, path in chosen.items() if path is None]:
            raise _not_found(data.kind, places[missing[0]])
        paths = {name: path for name, path in chosen.items() if path}
        found += [paths] if paths not in found else []
    return [data.model_copy(update=paths) for paths in found]


def _places(path: Path, folder: Path, place: StoredPath | None) -> list[Path]:
    """Return the candidates of a recipe path: relative to the run, absolute, and from here."""
    current = path.absolute()
    if place is None:
        return [current, current, current]
    relative = (folder.resolve() / place.relative) if place.relative else current
    return [Path(os.path.normpath(relative)), Path(place.absolute), current]


def _first(paths: list[Path]) -> Path | None:
    return next((path for path in paths if path.exists()), None)


def _not_found(kind: str, paths: list[Path]) -> DataError:
    where = " or ".join(dict.fromkeys(map(str, paths)))
    return DataError(
        f"{kind}{f' in {where}' if where else ''} is not on this machine.",
        "Put the images back there, or move them and the run together." if where else "",
    )
