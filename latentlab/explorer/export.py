"""Answers about recipes and exported files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from latentlab.config import broken_plugins
from latentlab.data.image_set import DATA
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.learning.checkpoint import read_checkpoint
from latentlab.learning.recipe import Recipe, read_recipe
from latentlab.models.base import MODELS
from latentlab.runs.image_files import save_tiles
from latentlab.runs.run_data import with_current_paths
from latentlab.session.export import CheckPlugins, DescribeForm, Export, ReadRecipe, SaveCurves
from latentlab.session.form import Field, describe
from latentlab.session.request import Exported


@answer.register
def _(request: Export, explorer: Explorer) -> Exported:
    tiles, path, info = request.tiles, request.path, request.info
    save_tiles(tiles, path, info, request.gap, request.back, steps=request.steps)
    return Exported(request.path)


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
