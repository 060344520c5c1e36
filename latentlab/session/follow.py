"""What must be asked of the explorer when the state has changed: a pure function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latentlab.session.requests.exploring import Decode, MakeManifold, MakeSamples, MakeStrip

if TYPE_CHECKING:
    from latentlab.session.requests.base import Request
    from latentlab.session.state import State


def follow(old: State, new: State) -> list[Request]:
    """Return the requests whose answers `new` lacks, given those that `old` had."""
    if new.model is None or new.point is None:
        return []
    wanted: list[Request] = []
    moved = new.codes is not old.codes
    if moved or new.point != old.point:
        wanted.append(Decode(new.point))
    if new.ends and (moved or new.ends != old.ends):
        wanted.append(MakeStrip(new.ends))
    if moved or _manifold_of(new) != _manifold_of(old):
        wanted.append(MakeManifold(new.point, new.plane, new.grid))
    if moved or new.sampling != old.sampling:
        wanted.append(MakeSamples(new.sampling))
    return wanted


def _manifold_of(state: State) -> Any:
    """Return what a manifold depends on: of the point only what lies outside its plane."""
    if state.point is None:
        return None
    held = state.point.along(dict.fromkeys(state.plane, 0.0))
    return held, state.plane, state.grid
