"""Answers about recipes and exported files."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.config import broken_plugins
from latentlab.data.data_set import DATA
from latentlab.errors import RunError
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.learning.checkpoint import read_checkpoint
from latentlab.learning.recipe import Recipe, read_recipe
from latentlab.models.base import MODELS
from latentlab.runs.film_files import film_note, save_film
from latentlab.runs.image_files import encoded_png, save_tiles
from latentlab.runs.portraits import preview_epochs, read_epoch_preview
from latentlab.runs.run_data import with_current_paths
from latentlab.session.export import (
    CheckPlugins,
    DescribeForm,
    Export,
    ReadRecipe,
    SaveCurves,
    SaveFilm,
    SaveHistoryFilm,
)
from latentlab.session.files.figure import DrawFigure, DrawnFigure, SaveFigure
from latentlab.session.files.mosaic import square_columns, tile
from latentlab.session.form import Field, describe
from latentlab.session.request import Exported
from latentlab.work import BackgroundComputation, Progress, with_progress

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@answer.register
def _(request: Export, explorer: Explorer) -> Exported:
    save_tiles(
        request.tiles,
        request.path,
        request.info,
        request.gap,
        request.back,
        steps=request.steps,
        scale=request.scale,
        axes=request.axes,
    )
    return Exported(request.path)


@answer.register
def _(request: SaveFilm, explorer: Explorer) -> Generator[Progress, None, Exported]:
    frames = request.tiles.pictures
    yield from _filming(save_film(frames, request.path, request.info, request.options))
    return Exported(request.path, film_note(frames, request.path, request.options))


@answer.register
def _(request: SaveHistoryFilm, explorer: Explorer) -> Generator[Progress, None, Exported]:
    frames = yield from training_frames(request.folder)
    yield from _filming(save_film(frames, request.path, request.info, request.options))
    return Exported(request.path, film_note(frames, request.path, request.options))


def training_frames(folder: Path) -> Generator[Progress, None, NDArray[np.uint8]]:
    """Return the samples after each saved epoch of a run, one sheet of them per epoch.

    Raises
    ------
    RunError
        If there are none, or one is damaged.
    """
    frames = []
    for epoch in (epochs := preview_epochs(folder)):
        samples = read_epoch_preview(folder, epoch).samples
        frames.append(tile(samples, square_columns(len(samples)), 1))
        yield Progress("Reading the epochs", len(frames) / len(epochs))
    if not frames:
        raise RunError("This run has no saved epochs.", "Train a model, then save its film.")
    return np.stack(frames)


def _filming(pieces: Generator[float, None, None]) -> Generator[Progress, None, None]:
    yield from with_progress(pieces, "Writing the film")


@answer.register
def _(request: SaveFigure, explorer: Explorer) -> Generator[Progress, None, Exported]:
    from latentlab.runs.plot_figure import save_figure

    figure, path, info, scale = request.figure, request.path, request.info, request.scale
    # Thousands of points take seconds; other requests are answered meanwhile.
    yield from _drawing(lambda: save_figure(figure, path, info, scale))
    return Exported(request.path)


@answer.register
def _(request: DrawFigure, explorer: Explorer) -> Generator[Progress, None, DrawnFigure]:
    from latentlab.runs.plot_figure import draw, raster, vector_bytes

    def drawn() -> DrawnFigure:
        svg = vector_bytes(draw(request.figure), "svg", request.info)
        png = encoded_png(raster(draw(request.figure)), request.info)
        return DrawnFigure(request.figure, svg, png)

    return (yield from _drawing(drawn))


def _drawing[T](work: Callable[[], T]) -> Generator[Progress, None, T]:
    return (yield from BackgroundComputation[T](lambda _: work(), "Drawing the plot").follow())


@answer.register
def _(request: DescribeForm, explorer: Explorer) -> tuple[Field, ...]:
    return describe(Recipe)


@answer.register
def _(request: CheckPlugins, explorer: Explorer) -> tuple[str, ...]:
    MODELS.kinds(), DATA.kinds()
    return broken_plugins()


@answer.register
def _(request: ReadRecipe, explorer: Explorer) -> Mapping[str, Any]:
    if request.path.is_dir():
        return with_current_paths(request.path, read_checkpoint(request.path).recipe).to_dict()
    return read_recipe(request.path).to_dict()


@answer.register
def _(request: SaveCurves, explorer: Explorer) -> Exported:
    # Importing matplotlib takes half a second, and few sessions save a figure.
    from latentlab.runs.figures import save_curves

    save_curves(request.runs, request.path)
    return Exported(request.path)
