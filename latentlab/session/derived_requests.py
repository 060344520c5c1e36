"""What must be asked of the explorer when the state has changed: a pure function."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.map import MADE, MakeMeasured, MakeView
from latentlab.session.model import Decode, DecodePath, MakeManifold, MakeSamples

if TYPE_CHECKING:
    from latentlab.latent.codes import Codes
    from latentlab.session.request import Request
    from latentlab.session.state import State

SAME = 1e-5


def follow(old: State, new: State) -> list[Request]:
    """Return the requests whose answers `new` lacks, given those that `old` had."""
    if new.model is None or new.point is None:
        return []
    wanted: list[Request] = []
    moved = new.codes is not old.codes
    if moved or new.point != old.point:
        wanted.append(Decode(new.point))
    if new.ends and (moved or new.ends != old.ends):
        wanted.append(DecodePath(new.ends))
    if moved or not _same_manifold(old, new):
        wanted.append(MakeManifold(new.point, new.view.frame, new.grid))
    if moved or new.sampling != old.sampling:
        wanted.append(MakeSamples(new.sampling))
    if new.codes is not None:
        wanted += _of_all_codes(new, new.codes, moved, old)
    return wanted


def _of_all_codes(new: State, codes: Codes, moved: bool, old: State) -> list[Request]:
    """Return what has to be made anew of codes that moved, or of more than it was begun with."""
    wanted: list[Request] = []
    view, measured = new.view, new.measured
    late = view is not old.view and not view.suits(codes)
    if view.layout in MADE and (moved or late) and MakeView not in new.working:
        wanted.append(MakeView(view.layout, view))
    late = (
        measured is not old.measured and measured is not None and len(measured.values) != len(codes)
    )
    if measured and (moved or late) and MakeMeasured not in new.working:
        wanted.append(MakeMeasured(measured.measure, measured.count))
    return wanted


def _same_manifold(old: State, new: State) -> bool:
    """Say whether two manifolds are the same: of the point only what is off the plane counts."""
    if old.point is new.point and old.view is new.view and old.grid is new.grid:
        return old.point is not None
    if old.point is None or new.point is None or old.view.frame != new.view.frame:
        return False
    if old.grid != new.grid or old.point.label != new.point.label:
        return False
    if old.point is new.point:
        return True
    before, after = (new.view.frame.rest(point.z) for point in (old.point, new.point))
    # Moving within a plane that lies aslant, numbers are rounded.
    return bool(np.allclose(before, after, rtol=0, atol=SAME))
