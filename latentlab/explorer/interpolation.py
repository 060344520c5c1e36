"""Answers about paths and points: decoded paths, geodesics, arithmetic, traversals, support."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

import numpy as np
import torch

from latentlab.data.condition import label_between
from latentlab.explorer.answer import answer
from latentlab.explorer.arithmetic import blend, make_traversal
from latentlab.explorer.codes.code_index import RoundTripStatistics, code_statistics
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.route import Curve, sample_path
from latentlab.latent.interpolation.curves import (
    PathKind,
    lerp,
    polyline_at,
    sample_polyline,
    slerp,
)
from latentlab.latent.interpolation.geodesic import PATH_POINTS, geodesic, image_function
from latentlab.latent.interpolation.knn_path import shortest_path
from latentlab.latent.support import (
    EDGE_QUANTILE,
    SUPPORTED_QUANTILE,
    joined,
    posterior_samples,
    support_level,
    support_of,
)
from latentlab.session.interpolation import (
    Blend,
    DecodedPath,
    DecodedPaths,
    DecodeGeodesic,
    DecodePaths,
    MakeBlend,
    MakeTraversal,
    MeasureSupport,
    PointSupport,
    Traversal,
)
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from latentlab.data.condition import Condition, Label, LabelArray
    from latentlab.latent.support import Support, SupportStatistics
    from latentlab.models.base import Model
    from latentlab.session.points import LatentPath, Point, Tiles

DRIFT_SAMPLES = 256
"""Number of posterior samples that the reference drift is measured on."""
BATCH = 64
MIN_EXPLAINED_VARIANCE = 0.02
"""Value of `RoundTripStatistics.share` below which the decoder ignores z.

Before training, and if all posteriors have collapsed, it is 0.00 or less; the shipped models have
0.96 and more.
"""


def measure_support(explorer: Explorer, point: Point) -> Generator[Progress, None, PointSupport]:
    """Measure the data support of a point."""
    statistics = yield from support_statistics_for(explorer, point)
    returns = code_statistics(explorer).returns or RoundTripStatistics()
    z = np.array([point.z], np.float32)
    distance = float(drift(explorer.model, z, _label_array(explorer, [point.label]))[0])
    is_blind = not returns.share >= MIN_EXPLAINED_VARIANCE
    if statistics is None:
        nan = float("nan")
        return PointSupport(point, None, nan, nan, distance, returns.usual, is_blind=is_blind)
    support = support_of(z, statistics)
    level = max(
        float(support.level[0]), float(support_level(distance, returns.usual, returns.rare))
    )
    density, nearest = float(support.density[0]), float(support.nearest[0])
    return PointSupport(point, level, density, nearest, distance, returns.usual)


def support_statistics_for(
    explorer: Explorer, point: Point
) -> Generator[Progress, None, SupportStatistics | None]:
    """Return the support statistics for a point; None for too few codes or a blind decoder.

    Also None without an encoder.
    """
    if not explorer.model.has_encoder:
        return None
    index = code_statistics(explorer)
    if index.returns is None:
        index.returns = yield from _returns(explorer)
    if not index.returns.share >= MIN_EXPLAINED_VARIANCE:
        return None
    return (yield from index.support(point.label))


def drift(model: Model, z: NDArray[np.float32], labels: LabelArray) -> NDArray[np.float64]:
    """Return how far points move when they are decoded and encoded again.

    Parameters
    ----------
    model : Model
        Provides decoder and encoder.
    z : ndarray of float32, shape (n, D)
        Points.
    labels : ndarray, shape (n,) or (n, K)
        Labels, for a conditional model.

    RoundTripStatistics
    -------
    ndarray of float64, shape (n,)
        Root mean square over dimensions of (mu(x̂) - z) / sigma(x̂), x̂ the decoded mean.
    """
    return np.sqrt(np.square(_round_trip(model, z, labels)[0]).mean(1))


@torch.inference_mode()
def _round_trip(
    model: Model, z: NDArray[np.float32], labels: LabelArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (mu(x̂) - z) / sigma(x̂) and sigma(x̂), both (n, D)."""
    y = torch.from_numpy(labels) if model.conditional else None
    points = torch.from_numpy(z)
    q = model.encode(model.decode(points, y).mean, y)
    sigma = q.stddev.clamp_min(1e-6)
    return ((q.mean - points) / sigma).double().numpy(), sigma.double().numpy()


def _returns(explorer: Explorer) -> Generator[Progress, None, RoundTripStatistics]:
    codes = explorer.codes
    z, rows = posterior_samples(codes.mu, codes.sigma, DRIFT_SAMPLES)
    labels = _label_array(explorer, [codes.label_of(row) for row in rows.tolist()])
    parts = []
    for start in range(0, len(rows), BATCH):
        part = slice(start, start + BATCH)
        parts.append(_round_trip(explorer.model, z[part], labels[part]))
        yield Progress("Measuring the density of the codes", start / len(rows))
    if len(rows) < 2:
        return RoundTripStatistics()
    drifts, sigma = map(np.concatenate, zip(*parts, strict=True))
    usual, rare = np.quantile(
        np.sqrt(np.square(drifts).mean(1)), [SUPPORTED_QUANTILE, EDGE_QUANTILE]
    )
    spread = np.square((z - z.mean(0)) / sigma).sum()
    return RoundTripStatistics(
        float(usual), float(rare), float(1 - np.square(drifts).sum() / spread)
    )


def decode_paths(
    explorer: Explorer, ends: LatentPath, kinds: tuple[PathKind, ...]
) -> Generator[Progress, None, DecodedPaths]:
    """Decode paths of several kinds through the same points and measure their support."""
    strips = []
    for kind in kinds:
        strip = yield from decode_path(explorer, ends, kind)
        strips.append(strip)
    return DecodedPaths(ends, tuple(strips))


def decode_path(
    explorer: Explorer, ends: LatentPath, kind: PathKind
) -> Generator[Progress, None, DecodedPath]:
    """Decode a path of one kind and measure its support."""
    curves: list[Curve] = []
    notes: list[str] = []
    for start, stop in pairwise(ends.stops()):
        curve, note = yield from _segment(explorer, start.point, stop.point, kind)
        curves.append(curve)
        notes.append(note)
    points = sample_path(ends, curves, _conditions(explorer))
    tiles = explorer.tiles(points, ends.steps)
    yield Progress("Measuring the path", 0.9)
    support = yield from _support(explorer, points)
    note = next((note for note in notes if note), "")
    return DecodedPath(kind, tiles, support, pixel_length(tiles), note)


def _support(
    explorer: Explorer, points: tuple[Point, ...]
) -> Generator[Progress, None, Support | None]:
    """Return the data support of each point among the codes of its class."""
    parts = []
    for _, same in groupby(points, key=lambda point: point.label):
        some = list(same)
        statistics = yield from support_statistics_for(explorer, some[0])
        if statistics is None:
            return None
        parts.append(support_of(np.array([point.z for point in some], np.float32), statistics))
    return joined(parts)


def _conditions(explorer: Explorer) -> tuple[Condition, ...]:
    return explorer.card.spec.conditions if explorer.card else ()


def _label_array(explorer: Explorer, labels: Iterable[Label | None]) -> LabelArray:
    assert explorer.card
    return explorer.card.spec.label_array(labels)


def pixel_length(tiles: Tiles) -> float:
    """Return the length Σ |x_{i+1} - x_i| of decoded images, pixel range [0, 1]."""
    pixels = tiles.pictures.reshape(len(tiles.pictures), -1).astype(np.float32) / 255
    return float(np.linalg.norm(np.diff(pixels, axis=0), axis=1).sum())


def _segment(
    explorer: Explorer, a: Point, b: Point, kind: PathKind
) -> Generator[Progress, None, tuple[Curve, str]]:
    match kind:
        case PathKind.SPHERICAL:
            return (lambda share: slerp(a.z, b.z, share)), ""
        case PathKind.DATA:
            graph = yield from code_statistics(explorer).graph()
            if graph is None:
                return (lambda share: lerp(a.z, b.z, share)), (
                    "There are no codes for a path through the data."
                )
            line = shortest_path(graph, a.z, b.z)
            gaps = (
                f"The codes form {graph.parts} parts; the path crosses between them where "
                "they are closest."
            )
            return (lambda share: sample_polyline(line, share)), gaps if graph.parts > 1 else ""
        case PathKind.GEODESIC:
            corners = yield from _geodesic(explorer, a, b)
            times = np.linspace(0, 1, len(corners))
            return (lambda share: polyline_at(corners, times, share)), ""
    return (lambda share: lerp(a.z, b.z, share)), ""


def _geodesic(
    explorer: Explorer, a: Point, b: Point
) -> Generator[Progress, None, NDArray[np.float32]]:
    t = np.linspace(0, 1, PATH_POINTS)
    between = partial(label_between, _conditions(explorer), a.label, b.label)
    generate = image_function(explorer.model, _label_array(explorer, map(between, t.tolist())))
    return (yield from geodesic(generate, a.z, b.z, (lerp(a.z, b.z, t), slerp(a.z, b.z, t))))


@answer.register
def _(request: DecodePaths, explorer: Explorer) -> Generator[Progress, None, DecodedPaths]:
    return decode_paths(explorer, request.ends, request.kinds)


@answer.register
def _(request: DecodeGeodesic, explorer: Explorer) -> Generator[Progress, None, DecodedPaths]:
    return decode_paths(explorer, request.ends, (PathKind.GEODESIC,))


@answer.register
def _(request: MeasureSupport, explorer: Explorer) -> Generator[Progress, None, PointSupport]:
    return measure_support(explorer, request.point)


@answer.register
def _(request: MakeBlend, explorer: Explorer) -> Blend:
    return blend(explorer, request.slots, request.strength, request.label)


@answer.register
def _(request: MakeTraversal, explorer: Explorer) -> Generator[Progress, None, Traversal]:
    return make_traversal(explorer, request.point, request.settings)
