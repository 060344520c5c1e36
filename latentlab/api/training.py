"""Train models, and list the runs of the library."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, override

import numpy as np

from latentlab.api.arguments import columns_of
from latentlab.api.images import DEFAULT_SIDE, data_config, to_numpy
from latentlab.api.model import Model, find_model
from latentlab.atomic_write import write_atomically
from latentlab.data.image_set import ImageSpec
from latentlab.directories import expanded
from latentlab.errors import DataError, RunError
from latentlab.learning.checkpoint import BEST_STEM, DESCRIPTION_FILE
from latentlab.learning.recipe import make_recipe, read_values
from latentlab.runs import run_data as runs_data
from latentlab.runs.library import RECIPE, library, make_folder, run_name
from latentlab.runs.recorder import record
from latentlab.runs.run_lock import is_in_training
from latentlab.session.curves.curves import read_metrics
from latentlab.work import finish

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from numpy.typing import NDArray

    from latentlab.learning.events import Event
    from latentlab.learning.recipe import Recipe

IMAGE_FILE = "images.npz"
"""File of a run folder with the images that were given as arrays."""


class Run:
    """A training run in its folder.

    Parameters
    ----------
    folder : Path
        Run folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def name(self) -> str:
        """Name in the library."""
        return run_name(self.folder)

    @cached_property
    def model(self) -> Model:
        """The model with the last weights."""
        return Model(self.folder)

    @cached_property
    def best(self) -> Model:
        """The model with the weights of the lowest validation loss."""
        return Model(self.folder / f"{BEST_STEM}.safetensors")

    @property
    def recipe(self) -> dict[str, Any]:
        """Recipe as plain values, by table."""
        return self.model.recipe

    @property
    def history(self) -> dict[str, NDArray[np.float64]]:
        """Losses at the end of each epoch, as columns of shape (epochs,).

        ``epoch``, then ``train_loss``, ``validation_loss`` and so on for each term, in nats per
        image; NaN where a term was not measured. Read anew each time, so that a run in progress can
        be followed.
        """
        lines = read_metrics(self.folder).records
        epochs = sorted({line.epoch for line in lines})
        names = dict.fromkeys(f"{line.split}_{name}" for line in lines for name in line.losses)
        columns = {"epoch": np.array(epochs, float)}
        columns |= {name: np.full(len(epochs), np.nan) for name in names}
        for line in lines:
            for name, value in line.losses.items():
                columns[f"{line.split}_{name}"][epochs.index(line.epoch)] = value
        return columns

    @override
    def __repr__(self) -> str:
        return f"<latentlab.Run {self.name!r} in {self.folder}>"


def runs() -> tuple[Run, ...]:
    """Return the user's runs in the library, newest first, without those that are damaged."""
    entries = (entry for entry in library() if not entry.shipped and not entry.damage)
    return tuple(Run(entry.path) for entry in entries)


def relink(run: str | PathLike[str], data: str | PathLike[str]) -> str:
    """Point a run, given by folder or by its name in the library, to its moved images again.

    Returns
    -------
    str
        What was found, and what has changed.

    Raises
    ------
    DataError
        If these are not the images of the run, which is then unchanged.
    """
    folder, place = find_model(expanded(Path(run))), expanded(Path(data)).absolute()
    return finish(runs_data.relink(folder, place))


def fit(
    recipe: Mapping[str, Any] | str | PathLike[str] | None = None,
    images: Any = None,
    labels: Any = None,
    *,
    folder: str | PathLike[str] | None = None,
    callback: Callable[[Event], object] | None = None,
) -> Run:
    """Train a model, record the run in a folder, and return it.

    Parameters
    ----------
    recipe : mapping or path, optional
        Tables ``model``, ``data``, ``objective`` and ``training`` with the values to change, or a
        recipe file. By default a plain VAE on the bundled digits. A table ``data`` without a kind
        has settings of `images`, such as ``{"split": {"by": "group", "column": "subject"}}``.
    images : array_like, torch Dataset or path, optional
        Training images instead of the recipe's data: an array as in `latentlab.api.images`, a
        data set of (image, label) pairs, or what `latentlab.read_images` reads. Arrays are saved
        with the run.
    labels : array_like, shape (N,), or mapping of str to these, optional
        Class of each image of an array: numbers or names. A mapping or a data frame gives
        attributes by name, among which ``data.conditions`` of the recipe chooses.
    folder : path, optional
        Run folder to make; a new one in the library by default.
    callback : callable, optional
        Called with each event of `latentlab.learning.events`. If it returns False, training stops
        and what was learned is kept.

    Raises
    ------
    LatentlabError
        If recipe, images or folder cannot be used, or the loss is not finite.
    """
    with (
        _planned(recipe, images, labels, folder) as (made, place),
        closing(record(made, place)) as events,
    ):
        for event in events:
            if callback and callback(event) is False:
                break
    return Run(place)


def iter_fit(
    recipe: Mapping[str, Any] | str | PathLike[str] | None = None,
    images: Any = None,
    labels: Any = None,
    *,
    folder: str | PathLike[str] | None = None,
) -> Generator[Event, None, Run]:
    """Train like `fit`, as a generator of events; to stop, do not ask for the next one.

    Yields
    ------
    Event
        ``Started`` (names the folder), ``Step`` and ``EpochEnd`` among others; see
        `latentlab.learning.events`.

    Returns
    -------
    Run
    """
    with _planned(recipe, images, labels, folder) as (made, place):
        yield from record(made, place)
    return Run(place)


@contextmanager
def _planned(
    recipe: Mapping[str, Any] | str | PathLike[str] | None,
    images: Any,
    labels: Any,
    folder: str | PathLike[str] | None,
) -> Generator[tuple[Recipe, Path]]:
    """Give the recipe and the run folder inside the block; arrays are saved in the folder.

    A folder without a run at the end of the block is deleted, with the images that were saved.
    """
    values = _values(recipe)
    given = values.get("data", {})
    # A table without a kind has settings of the images that are given.
    own = dict(given) if isinstance(given, Mapping) and "kind" not in given else {}
    first = make_recipe(values if images is None or not own else {**values, "data": {}})
    if first.training.seeds > 1:
        advice = "Call it once per seed: fit({..., 'training': {'seed': seed}})."
        raise DataError("fit trains one run, and the recipe asks for several seeds.", advice)
    place = make_folder(first) if folder is None else expanded(Path(folder))
    with ExitStack() as at_end:
        at_end.callback(_remove_unused, place)
        if images is None:
            if labels is not None:
                raise DataError("There are labels without images.", "Give both.")
            yield make_recipe(values), place
            return
        # The conditions are names of attributes that the images bring.
        own = {"conditions": first.data.conditions, **own}
        if isinstance(images, (str, PathLike)):
            data = _data_at(expanded(Path(images)).absolute(), labels)
        else:
            file = at_end.enter_context(_saved_arrays(images, labels, place))
            data = {"kind": "arrays", "images": str(file.absolute())}
        yield make_recipe({**values, "data": {**data, **own}}), place


def _remove_unused(folder: Path) -> None:
    with suppress(OSError):  # such as that it is not empty
        folder.rmdir()


def _values(recipe: Mapping[str, Any] | str | PathLike[str] | None) -> dict[str, Any]:
    if recipe is None:
        return {}
    if isinstance(recipe, (str, PathLike)):
        return read_values(expanded(Path(recipe)))
    return dict(recipe)


def _data_at(path: Path, labels: Any) -> dict[str, Any]:
    """Return the data table for images that are given as a path."""
    if labels is not None:
        raise DataError("Labels go with arrays.", "Files bring their own: see read_images.")
    return data_config(path, ImageSpec((3, DEFAULT_SIDE, DEFAULT_SIDE))).model_dump(mode="json")


@contextmanager
def _saved_arrays(images: Any, labels: Any, folder: Path) -> Generator[Path]:
    """Save arrays or a data set in a run folder; without a run at the end, delete them again."""
    file = folder / IMAGE_FILE
    if (folder / DESCRIPTION_FILE).exists():
        raise RunError(f"{folder} already holds a run.", "Choose another folder.")
    if is_in_training(folder):
        raise RunError(f"{folder} is in training.", "Choose another folder.")
    if file.exists() and not (folder / RECIPE).exists():
        raise RunError(f"{file} exists already.", "Choose another folder for the run.")
    arrays = {"images": to_numpy(images)} if _is_array(images) else _items(images)
    if labels is not None:
        columns = columns_of(labels)
        arrays |= _columns({"labels": labels} if columns is None else columns)
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type] # the stubs take keywords for options
    try:
        write_atomically(file, content.getvalue())
        yield file
    finally:
        if not (folder / DESCRIPTION_FILE).exists() and not is_in_training(folder):
            with suppress(OSError):
                file.unlink(missing_ok=True)


def _columns(given: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return columns as arrays that a file without Python objects can hold.

    Objects, such as the words of a data frame, become words, or numbers if all are numbers; what is
    missing becomes an empty word or NaN.
    """
    if images := [name for name in given if name == "images"]:
        raise DataError(f"A column of the labels is called {images[0]!r}.", "Give it another name.")
    return {name: _plain(name, to_numpy(values)) for name, values in given.items()}


def _plain(name: str, column: NDArray[Any]) -> NDArray[Any]:
    if column.dtype.kind in "mM":
        raise DataError(f"{name} holds dates or times.", "Give numbers, such as days, or words.")
    if column.dtype.kind not in "OT":
        return column
    cells = column.ravel().tolist()
    # Of what is missing in a data frame, NaN and NaT differ from themselves and NA from nothing.
    known = [cell is not None and str(cell) != "<NA>" and bool(cell == cell) for cell in cells]
    pairs = list(zip(cells, known, strict=True))
    if all(isinstance(cell, (int, float)) for cell, is_known in pairs if is_known):
        return np.array([float(cell) if is_known else np.nan for cell, is_known in pairs])
    return np.array([str(cell) if is_known else "" for cell, is_known in pairs])


def _is_array(images: Any) -> bool:
    return hasattr(images, "__array__") or isinstance(images, (list, tuple))


def _items(data: Any) -> dict[str, NDArray[Any]]:
    """Return the images and labels of a torch data set, whose items are images or pairs."""
    pairs = [data[i] for i in range(len(data))]
    names = getattr(data, "classes", None)
    if not pairs or not isinstance(pairs[0], (list, tuple)):
        return {"images": to_numpy(pairs)}
    labels = np.array([int(label) for _, label, *_ in pairs])
    arrays = {"images": to_numpy([image for image, *_ in pairs]), "labels": labels}
    return arrays | ({"class_names": np.array([str(name) for name in names])} if names else {})
