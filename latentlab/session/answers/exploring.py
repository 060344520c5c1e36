"""Answers about the open model."""

from __future__ import annotations

from collections.abc import Generator

from latentlab.data.base import Loading
from latentlab.errors import DataError
from latentlab.session.answers.base import answer
from latentlab.session.decoding import make_manifold
from latentlab.session.explorer import Explorer
from latentlab.session.foreign import why_no_picture
from latentlab.session.past import read_past
from latentlab.session.reports import Past
from latentlab.session.requests.exploring import (
    Adopt,
    Adopted,
    Decode,
    EncodeFile,
    Hover,
    Hovered,
    MakeManifold,
    MakeSamples,
    MakeStrip,
    Open,
    Opened,
    PickImage,
)
from latentlab.session.scene import Manifold, Original, Picture, Tiles


@answer.register
def _(request: Open, explorer: Explorer) -> Opened:
    card = explorer.open(request.path)
    past = read_past(card.source, card.recipe) if card.source else Past()
    return Opened(card, explorer.codes, *explorer.start(), past)


@answer.register
def _(request: Adopt, explorer: Explorer) -> Adopted:
    card = explorer.adopt(
        request.recipe, request.splits, request.weights, request.epoch, request.folder
    )
    return Adopted(card, explorer.codes, *explorer.start())


@answer.register
def _(request: Decode, explorer: Explorer) -> Picture:
    return explorer.decode(request.point)


@answer.register
def _(request: Hover, explorer: Explorer) -> Hovered:
    original = None if request.row is None else explorer.original(request.row)
    return Hovered(explorer.decode(request.point), original)


@answer.register
def _(request: MakeStrip, explorer: Explorer) -> Tiles:
    return explorer.strip(request.ends)


@answer.register
def _(request: MakeManifold, explorer: Explorer) -> Generator[Loading, None, Manifold]:
    return make_manifold(explorer, request.point, request.frame, request.grid)


@answer.register
def _(request: MakeSamples, explorer: Explorer) -> Tiles:
    return explorer.samples(request.settings)


@answer.register
def _(request: PickImage, explorer: Explorer) -> Original:
    return explorer.original(request.row)


@answer.register
def _(request: EncodeFile, explorer: Explorer) -> Original:
    try:
        return explorer.encode(request.path, request.label)
    except DataError as error:
        raise why_no_picture(request.path, error) from error
