"""What becomes of each request, on the explorer's thread: one function per kind."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import singledispatch
from typing import Any

from latentlab.learning.recipe import Recipe, read_recipe
from latentlab.session import requests as ask
from latentlab.session.curves import read_curves
from latentlab.session.explorer import Explorer
from latentlab.session.export import save_tiles
from latentlab.session.forms import Field, describe
from latentlab.session.runs import library
from latentlab.session.state import Entry, Manifold, Original, Picture, Tiles


@singledispatch
def answer(request: ask.Request, explorer: Explorer) -> object:
    """Answer a request; may take its time, and may raise what the user is then told."""
    raise NotImplementedError(type(request).__name__)


@answer.register
def _(request: ask.Open, explorer: Explorer) -> ask.Opened:
    card = explorer.open(request.path)
    curves = read_curves(card.source) if card.source else {}
    return ask.Opened(card, explorer.codes, *explorer.start(), curves)


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
    return read_recipe(request.path).to_dict()


@answer.register
def _(request: ask.Discard, explorer: Explorer) -> None:
    shutil.rmtree(request.folder, ignore_errors=True)
