"""What becomes of each request, on the explorer's thread: one function per kind."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import singledispatch
from typing import Any

from latentlab.learning.checkpoint import read_checkpoint
from latentlab.learning.events import Portrait
from latentlab.learning.recipe import Recipe, read_recipe
from latentlab.session import requests as ask
from latentlab.session.explorer import Explorer
from latentlab.session.export import save_tiles
from latentlab.session.forms import Field, describe
from latentlab.session.past import read_past
from latentlab.session.replay import read_portrait
from latentlab.session.reports import Compared, Entry, Past
from latentlab.session.runs import compare, library, rename, trash
from latentlab.session.scene import Manifold, Original, Picture, Tiles


@singledispatch
def answer(request: ask.Request, explorer: Explorer) -> object:
    """Answer a request; may take its time, and may raise what the user is then told."""
    raise NotImplementedError(type(request).__name__)


@answer.register
def _(request: ask.Open, explorer: Explorer) -> ask.Opened:
    card = explorer.open(request.path)
    past = read_past(card.source, card.recipe) if card.source else Past()
    return ask.Opened(card, explorer.codes, *explorer.start(), past)


@answer.register
def _(request: ask.Adopt, explorer: Explorer) -> ask.Adopted:
    card = explorer.adopt(
        request.recipe, request.splits, request.weights, request.epoch, request.folder
    )
    return ask.Adopted(card, explorer.codes, *explorer.start())


@answer.register
def _(request: ask.Decode, explorer: Explorer) -> Picture:
    return explorer.decode(request.point)


@answer.register
def _(request: ask.Hover, explorer: Explorer) -> ask.Hovered:
    original = None if request.row is None else explorer.original(request.row)
    return ask.Hovered(explorer.decode(request.point), original)


@answer.register
def _(request: ask.MakeStrip, explorer: Explorer) -> Tiles:
    return explorer.strip(request.ends)


@answer.register
def _(request: ask.MakeManifold, explorer: Explorer) -> Manifold:
    return explorer.manifold(request.point, request.plane, request.grid)


@answer.register
def _(request: ask.MakeSamples, explorer: Explorer) -> Tiles:
    return explorer.samples(request.settings)


@answer.register
def _(request: ask.PickImage, explorer: Explorer) -> Original:
    return explorer.original(request.row)


@answer.register
def _(request: ask.EncodeFile, explorer: Explorer) -> Original:
    return explorer.encode(request.path, request.label)


@answer.register
def _(request: ask.Export, explorer: Explorer) -> ask.Exported:
    save_tiles(request.tiles, request.path, request.info, request.gap)
    return ask.Exported(request.path)


@answer.register
def _(request: ask.ListLibrary, explorer: Explorer) -> tuple[Entry, ...]:
    return library()


@answer.register
def _(request: ask.DescribeForm, explorer: Explorer) -> tuple[Field, ...]:
    return describe(Recipe)


@answer.register
def _(request: ask.ReadRecipe, explorer: Explorer) -> Mapping[str, Any]:
    if request.path.is_dir():
        return read_checkpoint(request.path).recipe.to_dict()
    return read_recipe(request.path).to_dict()


@answer.register
def _(request: ask.Discard, explorer: Explorer) -> None:
    shutil.rmtree(request.folder, ignore_errors=True)


@answer.register
def _(request: ask.ReadMoment, explorer: Explorer) -> Portrait:
    return read_portrait(request.folder, request.epoch)


@answer.register
def _(request: ask.Compare, explorer: Explorer) -> tuple[Compared, ...]:
    return compare(request.folders)


@answer.register
def _(request: ask.SaveCurves, explorer: Explorer) -> ask.Exported:
    # matplotlib takes half a second to load, and few sessions save a figure.
    from latentlab.session.figures import save_curves

    save_curves(request.runs, request.path)
    return ask.Exported(request.path)


@answer.register
def _(request: ask.Rename, explorer: Explorer) -> None:
    rename(request.folder, request.name)


@answer.register
def _(request: ask.Trash, explorer: Explorer) -> None:
    trash(request.folder)
