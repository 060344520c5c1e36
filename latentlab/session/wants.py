"""Requests that several panels need for a state, as pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.classifier.requests import ClassifyManifold, ClassifyPlane, OpenClassifier
from latentlab.session.map import COMPUTED_LAYOUTS, MakeView
from latentlab.session.model import Decode, DecodePath, MakeManifold, MakeSamples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latentlab.session.points import Point
    from latentlab.session.state import State

ORTHOGONAL_DECIMALS = 5
"""Rounding of z orthogonal to the plane: moves within an oblique plane change the last digits."""


def picture(state: State) -> Iterator[Decode]:
    """Yield the request for the decoded z."""
    if state.point is not None:
        yield Decode(state.point)


def path(state: State) -> Iterator[DecodePath]:
    """Yield the request for the decoded path from A to B."""
    if state.ends is not None:
        yield DecodePath(state.ends)


def samples(state: State) -> Iterator[MakeSamples]:
    """Yield the request for decoded samples."""
    if state.model is not None:
        yield MakeSamples(state.sampling)


def manifold(state: State) -> Iterator[MakeManifold]:
    """Yield the request for the grid over the map's plane, through the orthogonal part of z."""
    if point := orthogonal_point(state):
        yield MakeManifold(point, state.view.frame, state.grid)


def manifold_decisions(state: State) -> Iterator[ClassifyManifold]:
    """Yield the request for the decisions of the open classifier on the tiles of the manifold."""
    if card := state.answer(OpenClassifier):
        for grid in manifold(state):
            yield ClassifyManifold(card, grid.point, grid.frame, grid.grid)


def plane_decisions(state: State) -> Iterator[ClassifyPlane]:
    """Yield the request for the decisions of the open classifier on the map's plane."""
    card, point = state.answer(OpenClassifier), orthogonal_point(state)
    if card and point:
        yield ClassifyPlane(card, point, state.view.frame)


def orthogonal_point(state: State) -> Point | None:
    """Return the part of z that is orthogonal to the map's plane; None without a plane of it."""
    if state.point is None or state.view.is_pending:
        return None
    if state.view.frame.size != len(state.point.z):
        return None
    orthogonal = np.round(state.view.frame.rest(state.point.z), ORTHOGONAL_DECIMALS)
    return state.point.at(tuple(orthogonal.tolist()))


def view(state: State) -> Iterator[MakeView]:
    """Yield the request for a layout of the current codes, if the view is of older ones."""
    view, codes = state.view, state.codes
    # Let pending work finish even if the codes change: during training they always do.
    if view.layout not in COMPUTED_LAYOUTS or codes is None or MakeView in state.awaited:
        return
    if not view.is_made_of(codes):
        yield MakeView(view.layout, view)
