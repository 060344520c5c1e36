"""Answers about the open model."""

from __future__ import annotations

from collections.abc import Generator

from latentlab.data.base import Loading, told
from latentlab.errors import DataError, RunError
from latentlab.session.answers.base import answer
from latentlab.session.decoding import decoded, make_manifold
from latentlab.session.explorer import Explorer, square
from latentlab.session.foreign import why_no_picture, why_no_run
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
from latentlab.session.route import straight_route
from latentlab.session.scene import Manifold, Original, Picture, Tiles

OPEN_S = 0.3
"""Seconds that encoding may take before a model is shown; the other images follow."""


@answer.register
def _(request: Open, explorer: Explorer) -> Opened:
    try:
        card = explorer.open(request.path, OPEN_S)
    except RunError as error:
        raise why_no_run(request.path, error) from error
    past = read_past(card.source, card.recipe) if card.source else Past()
    return Opened(card, explorer.codes, *explorer.start(), past, explorer.has_more)


@answer.register
def _(request: Adopt, explorer: Explorer) -> Generator[Loading, None, Adopted]:
    card = yield from told(
        explorer.adopt(
            request.recipe, request.splits, request.weights, request.epoch, request.folder
        ),
        "Encoding images",
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
def _(request: MakeStrip, explorer: Explorer) -> Generator[Loading, None, Tiles]:
    points = straight_route(request.ends)
    return decoded(explorer, points, request.ends.steps, "Decoding the way")


@answer.register
def _(request: MakeManifold, explorer: Explorer) -> Generator[Loading, None, Manifold]:
    return make_manifold(explorer, request.point, request.frame, request.grid)


@answer.register
def _(request: MakeSamples, explorer: Explorer) -> Generator[Loading, None, Tiles]:
    points = explorer.draw(request.settings)
    return decoded(explorer, points, square(len(points)), "Decoding samples")


@answer.register
def _(request: PickImage, explorer: Explorer) -> Original:
    return explorer.original(request.row)


@answer.register
def _(request: EncodeFile, explorer: Explorer) -> Original:
    try:
        return explorer.encode(request.path, request.label)
    except DataError as error:
        raise why_no_picture(request.path, error) from error
