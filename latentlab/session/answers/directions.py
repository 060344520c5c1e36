"""Answers about axes through latent space."""

from __future__ import annotations

from collections.abc import Generator

from latentlab.data.base import Loading, told
from latentlab.errors import DataError
from latentlab.latent.importance import kl_per_dimension, principal_components
from latentlab.session.answers.base import answer
from latentlab.session.axes import MARKS, Importance, Strips
from latentlab.session.direction_files import keep, kept, read_directions, write_directions
from latentlab.session.directions import Direction, merged, replaced
from latentlab.session.explorer import Explorer
from latentlab.session.learning_directions import learn_direction
from latentlab.session.requests.directions import (
    ChangeDirection,
    ExportDirections,
    ImportDirections,
    LearnDirection,
    MakeStrips,
    ReadDirections,
    Weigh,
)
from latentlab.session.requests.files import Exported
from latentlab.session.scene import ModelCard


@answer.register
def _(request: Weigh, explorer: Explorer) -> Generator[Loading, None, Importance]:
    codes = explorer.codes
    yield Loading("Weighing the dimensions")
    kl = kl_per_dimension(codes)
    components = yield from told(principal_components(codes.mu), "Weighing the dimensions")
    return Importance(codes, kl, components)


@answer.register
def _(request: MakeStrips, explorer: Explorer) -> Generator[Loading, None, Strips]:
    codes, along = explorer.codes, {}
    for axis in request.axes:
        z = [axis.moved(request.point.z, mark) for mark in MARKS]
        points = tuple(map(request.point.at, z))
        along[axis.key] = explorer.tiles(points, len(points))
        yield Loading("Decoding along the sliders", len(along) / len(request.axes))
    return Strips(request.point, codes, along)


@answer.register
def _(request: ReadDirections, explorer: Explorer) -> tuple[Direction, ...]:
    return kept(_card(explorer))


@answer.register
def _(
    request: LearnDirection, explorer: Explorer
) -> Generator[Loading, None, tuple[Direction, ...]]:
    if _is_other(request.card, explorer):
        return ()
    card, codes = _card(explorer), explorer.codes
    others = kept(card) if request.apart else ()
    direction = yield from learn_direction(card, codes, request.source, request.method, others)
    # Others may have been renamed or deleted meanwhile.
    return keep(card, merged(kept(card), (direction,)))


@answer.register
def _(request: ChangeDirection, explorer: Explorer) -> tuple[Direction, ...]:
    directions = replaced(kept(request.card), request.before, request.after)
    return keep(request.card, directions)


@answer.register
def _(request: ImportDirections, explorer: Explorer) -> tuple[Direction, ...]:
    new = read_directions(request.path, request.card.latent_dim)
    return keep(request.card, merged(kept(request.card), new))


@answer.register
def _(request: ExportDirections, explorer: Explorer) -> Exported:
    write_directions(request.path, request.directions)
    return Exported(request.path)


def _card(explorer: Explorer) -> ModelCard:
    if explorer.card is None:
        raise DataError("No model is open yet.", "Open one from the library.")
    return explorer.card


def _is_other(card: ModelCard, explorer: Explorer) -> bool:
    """Say whether another model has been opened since; nobody sees the answer then."""
    here = _card(explorer)
    return (here.source, here.latent_dim) != (card.source, card.latent_dim)
