"""Answers about ways between points, and how well data supports them."""

from __future__ import annotations

from collections.abc import Generator

from latentlab.data.base import Loading
from latentlab.latent.paths import Way
from latentlab.session.answers.base import answer
from latentlab.session.blending import blend, make_traversal
from latentlab.session.explorer import Explorer
from latentlab.session.footing import take_footing
from latentlab.session.requests.ways import (
    MakeBlend,
    MakeGeodesic,
    MakeTraversal,
    MakeWays,
    TakeFooting,
)
from latentlab.session.wayfinding import find_ways
from latentlab.session.ways import Blend, Footing, Traversal, Ways


@answer.register
def _(request: MakeWays, explorer: Explorer) -> Generator[Loading, None, Ways]:
    return find_ways(explorer, request.ends, request.kinds)


@answer.register
def _(request: MakeGeodesic, explorer: Explorer) -> Generator[Loading, None, Ways]:
    return find_ways(explorer, request.ends, (Way.GEODESIC,))


@answer.register
def _(request: TakeFooting, explorer: Explorer) -> Generator[Loading, None, Footing]:
    return take_footing(explorer, request.point)


@answer.register
def _(request: MakeBlend, explorer: Explorer) -> Blend:
    return blend(explorer, request.slots, request.strength, request.label)


@answer.register
def _(request: MakeTraversal, explorer: Explorer) -> Generator[Loading, None, Traversal]:
    return make_traversal(explorer, request.point, request.settings)
