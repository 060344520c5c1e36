"""Finding ways: the legs of a route, decoded and measured, piece by piece."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.base import Loading
from latentlab.latent.geodesic import CORNERS, generator_of, geodesic
from latentlab.latent.graph_path import graph_path
from latentlab.latent.paths import Way, along, at, lerp, slerp
from latentlab.latent.support import joined, support_of
from latentlab.session.footing import ground_at
from latentlab.session.guide import guide_of
from latentlab.session.route import Curve, walk
from latentlab.session.ways import Strip, Ways

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.latent.support import Support
    from latentlab.session.explorer import Explorer
    from latentlab.session.scene import Ends, Point, Tiles


def find_ways(
    explorer: Explorer, ends: Ends, kinds: tuple[Way, ...]
) -> Generator[Loading, None, Ways]:
    """Decode the ways of several kinds through the same points, and measure their support."""
    strips = []
    for kind in kinds:
        strip = yield from find_way(explorer, ends, kind)
        strips.append(strip)
    return Ways(ends, tuple(strips))


def find_way(explorer: Explorer, ends: Ends, kind: Way) -> Generator[Loading, None, Strip]:
    """Decode the way of one kind, and measure its support."""
    curves: list[Curve] = []
    notes: list[str] = []
    for start, stop in pairwise(ends.stops()):
        curve, note = yield from _leg(explorer, start.point, stop.point, kind)
        curves.append(curve)
        notes.append(note)
    points = walk(ends, curves)
    tiles = explorer.tiles(points, ends.steps)
    yield Loading("Measuring the way", 0.9)
    support = yield from _support(explorer, points)
    note = next((note for note in notes if note), "")
    return Strip(kind, tiles, support, length_of(tiles), note)


def _support(
    explorer: Explorer, points: tuple[Point, ...]
) -> Generator[Loading, None, Support | None]:
    """Say what stands behind each point, among the codes of its own class."""
    parts = []
    for _, same in groupby(points, key=lambda point: point.label):
        some = list(same)
        ground = yield from ground_at(explorer, some[0])
        if ground is None:
            return None
        parts.append(support_of(np.array([point.z for point in some], np.float32), ground))
    return joined(parts)


def length_of(tiles: Tiles) -> float:
    """Return Σ |x_{i+1} - x_i| along decoded pictures, pixels from 0 to 1."""
    pixels = tiles.pictures.reshape(len(tiles.pictures), -1).astype(np.float32) / 255
    return float(np.linalg.norm(np.diff(pixels, axis=0), axis=1).sum())


def _leg(
    explorer: Explorer, a: Point, b: Point, kind: Way
) -> Generator[Loading, None, tuple[Curve, str]]:
    match kind:
        case Way.SPHERICAL:
            return (lambda share: slerp(a.z, b.z, share)), ""
        case Way.DATA:
            graph = yield from guide_of(explorer).graph()
            if graph is None:
                return (lambda share: lerp(a.z, b.z, share)), "There are no codes to go through."
            line = graph_path(graph, a.z, b.z)
            gaps = f"The codes lie in {graph.parts} parts, joined where they come closest."
            return (lambda share: along(line, share)), gaps if graph.parts > 1 else ""
        case Way.GEODESIC:
            bent = yield from _bend(explorer, a, b)
            marks = np.linspace(0, 1, len(bent))
            return (lambda share: at(bent, marks, share)), ""
    return (lambda share: lerp(a.z, b.z, share)), ""


def _bend(explorer: Explorer, a: Point, b: Point) -> Generator[Loading, None, NDArray[np.float32]]:
    share = np.linspace(0, 1, CORNERS)
    labels = np.array([(a if s <= 0.5 else b).label or 0 for s in share.tolist()], np.int64)
    generate = generator_of(explorer.model, labels)
    starts = (lerp(a.z, b.z, share), slerp(a.z, b.z, share))
    return (yield from geodesic(generate, a.z, b.z, starts))
