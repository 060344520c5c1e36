"""Answers about paths and places: decoded paths, geodesics, traversals, support by the codes."""

from __future__ import annotations

from collections.abc import Generator
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

import numpy as np
import torch

from latentlab.explorer.answer import answer
from latentlab.explorer.arithmetic import blend, make_traversal
from latentlab.explorer.code_index import Returns, path_index_of
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.route import Curve, walk
from latentlab.latent.interpolation.curves import PathKind, along, at, lerp, slerp
from latentlab.latent.interpolation.geodesic import CORNERS, generator_of, geodesic
from latentlab.latent.interpolation.knn_path import graph_path
from latentlab.latent.support import RARE, USUAL, joined, level_of, posterior_samples, support_of
from latentlab.session.interpolation import (
    Blend,
    DecodedPath,
    DecodedPaths,
    DecodePaths,
    MakeBlend,
    MakeGeodesic,
    MakeTraversal,
    MeasureSupport,
    PointSupport,
    Traversal,
)
from latentlab.work import Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.latent.support import Support, SupportStatistics
    from latentlab.models.base import Model
    from latentlab.session.points import LatentPath, Point, Tiles

SAMPLE = 256
"""Codes whose drift says what is usual."""
BATCH = 64
BLIND = 0.02
"""Share of what codes differ by that comes back, below which the decoder shows nothing of z.

Before training it is 0.00 or less, and so it is where all posteriors have collapsed; the shipped
models have 0.96 and more.
"""


def measure_support(explorer: Explorer, point: Point) -> Generator[Progress, None, PointSupport]:
    """Measure how far off the map a point is."""
    ground = yield from statistics_at(explorer, point)
    returns = path_index_of(explorer).returns or Returns()
    z = np.array([point.z], np.float32)
    moved = float(drift(explorer.model, z, np.array([point.label or 0]))[0])
    is_blind = not returns.share >= BLIND
    if ground is None:
        nothing = float("nan")
        return PointSupport(point, None, nothing, nothing, moved, returns.usual, is_blind=is_blind)
    support = support_of(z, ground)
    level = max(float(support.level[0]), float(level_of(moved, returns.usual, returns.rare)))
    density, nearest = float(support.density[0]), float(support.nearest[0])
    return PointSupport(point, level, density, nearest, moved, returns.usual)


def statistics_at(
    explorer: Explorer, point: Point
) -> Generator[Progress, None, SupportStatistics | None]:
    """Return what is usual among the codes that a point is to be compared with.

    None where there are too few, or where the decoder shows nothing of them.
    """
    known = path_index_of(explorer)
    if known.returns is None:
        known.returns = yield from _returns(explorer)
    if not known.returns.share >= BLIND:
        return None
    return (yield from known.support(point.label))


def drift(model: Model, z: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Say how far points move when decoded and encoded again.

    Parameters
    ----------
    model : Model
        Whose decoder and encoder.
    z : ndarray of float32, shape (n, D)
        Points.
    labels : ndarray of int64, shape (n,)
        Classes, for a conditional model.

    Returns
    -------
    ndarray of float64, shape (n,)
        Root mean square over dimensions of (mu(x̂) - z) / sigma(x̂), x̂ the decoded mean.
    """
    return np.sqrt(np.square(_moved(model, z, labels)[0]).mean(1))


@torch.inference_mode()
def _moved(
    model: Model, z: NDArray[np.float32], labels: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (mu(x̂) - z) / sigma(x̂) and sigma(x̂), both (n, D)."""
    y = torch.from_numpy(labels) if model.conditional else None
    points = torch.from_numpy(z)
    q = model.encode(model.decode(points, y).mean, y)
    sigma = q.stddev.clamp_min(1e-6)
    return ((q.mean - points) / sigma).double().numpy(), sigma.double().numpy()


def _returns(explorer: Explorer) -> Generator[Progress, None, Returns]:
    codes = explorer.codes
    z, rows = posterior_samples(codes.mu, codes.sigma, SAMPLE)
    labels = np.zeros(len(codes), np.int64) if codes.labels is None else codes.labels
    parts = []
    for start in range(0, len(rows), BATCH):
        part = slice(start, start + BATCH)
        parts.append(_moved(explorer.model, z[part], labels[rows[part]]))
        yield Progress("Looking at the codes", start / len(rows))
    if len(rows) < 2:
        return Returns()
    moved, sigma = map(np.concatenate, zip(*parts, strict=True))
    usual, rare = np.quantile(np.sqrt(np.square(moved).mean(1)), [USUAL, RARE])
    spread = np.square((z - z.mean(0)) / sigma).sum()
    return Returns(float(usual), float(rare), float(1 - np.square(moved).sum() / spread))


def find_ways(
    explorer: Explorer, ends: LatentPath, kinds: tuple[PathKind, ...]
) -> Generator[Progress, None, DecodedPaths]:
    """Decode the ways of several kinds through the same points, and measure their support."""
    strips = []
    for kind in kinds:
        strip = yield from find_way(explorer, ends, kind)
        strips.append(strip)
    return DecodedPaths(ends, tuple(strips))


def find_way(
    explorer: Explorer, ends: LatentPath, kind: PathKind
) -> Generator[Progress, None, DecodedPath]:
    """Decode the way of one kind, and measure its support."""
    curves: list[Curve] = []
    notes: list[str] = []
    for start, stop in pairwise(ends.stops()):
        curve, note = yield from _leg(explorer, start.point, stop.point, kind)
        curves.append(curve)
        notes.append(note)
    points = walk(ends, curves)
    tiles = explorer.tiles(points, ends.steps)
    yield Progress("Measuring the way", 0.9)
    support = yield from _support(explorer, points)
    note = next((note for note in notes if note), "")
    return DecodedPath(kind, tiles, support, length_of(tiles), note)


def _support(
    explorer: Explorer, points: tuple[Point, ...]
) -> Generator[Progress, None, Support | None]:
    """Say what stands behind each point, among the codes of its own class."""
    parts = []
    for _, same in groupby(points, key=lambda point: point.label):
        some = list(same)
        ground = yield from statistics_at(explorer, some[0])
        if ground is None:
            return None
        parts.append(support_of(np.array([point.z for point in some], np.float32), ground))
    return joined(parts)


def length_of(tiles: Tiles) -> float:
    """Return Σ |x_{i+1} - x_i| along decoded pictures, pixels from 0 to 1."""
    pixels = tiles.pictures.reshape(len(tiles.pictures), -1).astype(np.float32) / 255
    return float(np.linalg.norm(np.diff(pixels, axis=0), axis=1).sum())


def _leg(
    explorer: Explorer, a: Point, b: Point, kind: PathKind
) -> Generator[Progress, None, tuple[Curve, str]]:
    match kind:
        case PathKind.SPHERICAL:
            return (lambda share: slerp(a.z, b.z, share)), ""
        case PathKind.DATA:
            graph = yield from path_index_of(explorer).graph()
            if graph is None:
                return (lambda share: lerp(a.z, b.z, share)), "There are no codes to go through."
            line = graph_path(graph, a.z, b.z)
            gaps = f"The codes lie in {graph.parts} parts, joined where they come closest."
            return (lambda share: along(line, share)), gaps if graph.parts > 1 else ""
        case PathKind.GEODESIC:
            bent = yield from _bend(explorer, a, b)
            marks = np.linspace(0, 1, len(bent))
            return (lambda share: at(bent, marks, share)), ""
    return (lambda share: lerp(a.z, b.z, share)), ""


def _bend(explorer: Explorer, a: Point, b: Point) -> Generator[Progress, None, NDArray[np.float32]]:
    share = np.linspace(0, 1, CORNERS)
    labels = np.array([(a if s <= 0.5 else b).label or 0 for s in share.tolist()], np.int64)
    generate = generator_of(explorer.model, labels)
    starts = (lerp(a.z, b.z, share), slerp(a.z, b.z, share))
    return (yield from geodesic(generate, a.z, b.z, starts))


@answer.register
def _(request: DecodePaths, explorer: Explorer) -> Generator[Progress, None, DecodedPaths]:
    return find_ways(explorer, request.ends, request.kinds)


@answer.register
def _(request: MakeGeodesic, explorer: Explorer) -> Generator[Progress, None, DecodedPaths]:
    return find_ways(explorer, request.ends, (PathKind.GEODESIC,))


@answer.register
def _(request: MeasureSupport, explorer: Explorer) -> Generator[Progress, None, PointSupport]:
    return measure_support(explorer, request.point)


@answer.register
def _(request: MakeBlend, explorer: Explorer) -> Blend:
    return blend(explorer, request.slots, request.strength, request.label)


@answer.register
def _(request: MakeTraversal, explorer: Explorer) -> Generator[Progress, None, Traversal]:
    return make_traversal(explorer, request.point, request.settings)
