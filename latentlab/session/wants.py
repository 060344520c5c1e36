"""The requests that several panels want for a state, as pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.map import MADE, MakeView
from latentlab.session.model import Decode, DecodePath, MakeManifold, MakeSamples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latentlab.session.state import State

DECIMALS = 5
"""Of a point beside the plane: moving within an oblique plane changes the last digits."""


def picture(state: State) -> Iterator[Decode]:
    """Return the request for what z decodes to."""
    if state.point is not None:
        yield Decode(state.point)


def path(state: State) -> Iterator[DecodePath]:
    """Return the request for the decoded path from A to B."""
    if state.ends is not None:
        yield DecodePath(state.ends)


def samples(state: State) -> Iterator[MakeSamples]:
    """Return the request for decoded samples."""
    if state.model is not None:
        yield MakeSamples(state.sampling)


def manifold(state: State) -> Iterator[MakeManifold]:
    """Return the request for the grid over the map's plane; it depends on z beside the plane."""
    if state.point is not None and state.view.frame.size == len(state.point.z):
        beside = np.round(state.view.frame.rest(state.point.z), DECIMALS)
        point = state.point.at(tuple(beside.tolist()))
        yield MakeManifold(point, state.view.frame, state.grid)


def view(state: State) -> Iterator[MakeView]:
    """Return the request for a layout of the present codes, if the view has another one's."""
    view, codes = state.view, state.codes
    # Finish work under way even if the codes change: during training they always do.
    if view.layout not in MADE or codes is None or MakeView in state.awaited:
        return
    if not view.is_made_of(codes):
        yield MakeView(view.layout, view)
