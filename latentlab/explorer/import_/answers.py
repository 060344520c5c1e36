"""Answers about foreign models, and the same as plain functions."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path

from latentlab.errors import RunError, one_of
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.import_.fitting import FittingImages, fitting_images
from latentlab.explorer.import_.foreign import convert_foreign, inspect_foreign, read_foreign
from latentlab.explorer.import_.reader import find_reader, formats
from latentlab.session.import_.model import (
    ForeignFormat,
    ForeignModel,
    ImportForeign,
    InspectForeign,
    ListForeignFormats,
)
from latentlab.work import Progress, finish


@answer.register
def _(request: ListForeignFormats, explorer: Explorer) -> tuple[ForeignFormat, ...]:
    return formats()


@answer.register
def _(
    request: InspectForeign, explorer: Explorer
) -> Generator[Progress, None, ForeignModel | None]:
    if find_reader(request.path) is None:
        return None
    yield Progress(f"Reading {request.path.name}")
    return (yield from inspect_foreign(request.path, request.choices, _images(explorer)))


@answer.register
def _(request: ImportForeign, explorer: Explorer) -> Generator[Progress, None, Path]:
    yield Progress(f"Reading {request.path.name}")
    return (yield from convert_foreign(request.path, request.choices, _images(explorer)))


def open_foreign(path: Path, choices: Mapping[str, str] | None = None) -> Path:
    """Convert a foreign model into a run folder of the user; the same folder each time.

    `latentlab.runs.imported.read_import_record` of the folder says how it was understood.

    Parameters
    ----------
    path : Path
        File or folder of a known format.
    choices : mapping of str to str, optional
        Values for what the file does not say, by key.

    Returns
    -------
    Path
        The run folder.

    Raises
    ------
    RunError
        If it cannot be opened; says why and what to do.
    """
    return finish(convert_foreign(path, choices or {}))


def check_choices(path: Path, choices: Mapping[str, str]) -> None:
    """Check the keys and values by which a person says what a foreign model's file does not.

    Raises
    ------
    RunError
        If the model cannot be read, or leaves no such choice.
    """
    if not choices:
        return
    _, imported = finish(read_foreign(path, {}, fitting_images()))
    known = {each.key: [option.value for option in each.options] for each in imported.choices}
    for key, value in choices.items():
        if key not in known:
            advice = f"Choose {one_of([*known])}." if known else "It leaves none."
            raise RunError(f"{path.name} leaves no choice {key!r}.", advice)
        if value not in known[key]:
            raise RunError(f"{key} cannot be {value!r}.", f"Choose {one_of(known[key])}.")


def _images(explorer: Explorer) -> tuple[FittingImages, ...]:
    """Return the images to try: those of the open data set first."""
    opened = explorer.data_set()
    return fitting_images(*opened) if opened else fitting_images()
