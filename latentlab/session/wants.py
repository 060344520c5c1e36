"""What several panels want of a state, as the requests for it: pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.map import MADE, MakeView
from latentlab.session.model import Decode, DecodePath, MakeManifold, MakeSamples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latentlab.session.state import State

DECIMALS = 5
"""Of a point beside the plane: moving within a plane that lies aslant, numbers are rounded."""


def picture(state: State) -> Iterator[Decode]:
    """Want what z decodes to."""
    if state.point is not None:
        yield Decode(state.point)


def path(state: State) -> Iterator[DecodePath]:
    """Want the decoded path from A to B."""
    if state.ends is not None:
        yield DecodePath(state.ends)


def samples(state: State) -> Iterator[MakeSamples]:
    """Want decoded samples."""
    if state.model is not None:
        yield MakeSamples(state.sampling)


def manifold(state: State) -> Iterator[MakeManifold]:
    """Want the decoded grid over the plane of the map; moving within the plane changes nothing."""
    if state.point is not None and state.view.frame.size == len(state.point.z):
        beside = np.round(state.view.frame.rest(state.point.z), DECIMALS)
        point = state.point.at(tuple(beside.tolist()))
        yield MakeManifold(point, state.view.frame, state.grid)


def view(state: State) -> Iterator[MakeView]:
    """Want a layout that is computed from the codes to be one of the present codes."""
    view, codes = state.view, state.codes
    # Work under way is finished even though the codes move on: in training they always do.
    if view.layout not in MADE or codes is None or MakeView in state.awaited:
        return
    if not view.is_made_of(codes):
        yield MakeView(view.layout, view)
