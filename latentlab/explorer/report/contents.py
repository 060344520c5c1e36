"""What a report of a run shows, computed by the explorer."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from latentlab.errors import RunError
from latentlab.explorer.arithmetic import make_traversal
from latentlab.explorer.interpolation import decode_path
from latentlab.explorer.model import make_manifold
from latentlab.explorer.pairs import make_pairs
from latentlab.explorer.scores.metrics import measurements_of
from latentlab.latent.elbo_scores import elbo_scores
from latentlab.latent.encode import to_hwc
from latentlab.latent.interpolation.curves import PathKind
from latentlab.latent.pairs import PairKind
from latentlab.latent.planes import axes_plane, pca_plane
from latentlab.learning.events import is_active
from latentlab.runs.run_log import read_run_log
from latentlab.session.interpolation import TraversalSettings
from latentlab.session.pairs import PairSettings, PairSheet
from latentlab.session.points import GridSettings, LatentPath, SampleSettings, grid_side
from latentlab.session.runs import RunLog
from latentlab.session.scores.anomalies import with_eta

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.explorer.explorer import Explorer
    from latentlab.latent.codes import Codes
    from latentlab.latent.planes import Plane
    from latentlab.session.points import ModelCard
    from latentlab.work import Progress

SCORED_IMAGES, DRAWS = 200, 50
RECONSTRUCTIONS, SAMPLES, PAIRS = 16, 32, 3
PATH_STEPS = 11
TRAVERSALS = 10


@dataclass(frozen=True)
class Metric:
    """Measured value with its deviation of the mean, unit, and what it was computed on."""

    name: str
    value: str
    unit: str
    computed_on: str


@dataclass(frozen=True)
class Contents:
    """Images and numbers of a report; what cannot be made without images of the data is None.

    Images are ndarray of uint8, (N, H, W) or (N, H, W, 3), in row-major order.
    """

    card: ModelCard
    log: RunLog
    samples: NDArray[np.uint8]
    manifold: NDArray[np.uint8]
    manifold_side: int
    plane: Plane
    kl: NDArray[np.float64] | None
    xy: NDArray[np.float32] | None
    reconstructions: NDArray[np.uint8] | None
    paths: NDArray[np.uint8]
    pairs: tuple[PairSheet, ...]
    traversals: NDArray[np.uint8] | None
    traversed: tuple[str, ...]
    metrics: tuple[Metric, ...]


def gather(explorer: Explorer) -> Generator[Progress, None, Contents]:
    """Compute the contents of the report of the open model.

    Yields
    ------
    Progress
        What is computed.
    """
    card, codes = explorer.card, explorer.codes
    assert card
    point, ends, _ = explorer.start()
    plane = _plane(explorer)
    center = card.point((0.0,) * card.latent_dim, point.label)
    side = grid_side(card.spec) if card.latent_dim > 1 else 1
    manifold = yield from make_manifold(explorer, center, plane, GridSettings(side))
    has_images, kl = len(codes) > 0, explorer.kl_per_dimension()
    metrics = _kept_metrics(explorer)
    reconstructions = traversals = None
    traversed: tuple[str, ...] = ()
    pairs: tuple[PairSheet, ...] = ()
    if has_images:
        pairs = yield from _pair_sheets(explorer)
        metrics = (*(yield from _measure(explorer)), *metrics)
        reconstructions = _reconstruct(explorer)
        sheet = yield from make_traversal(explorer, point, TraversalSettings(most=TRAVERSALS))
        traversals = sheet.tiles.pictures
        traversed = tuple(
            f"z{d + 1}" if np.isnan(kl) else f"z{d + 1}, {kl:.2f} nats"
            for d, kl in zip(sheet.dimensions, sheet.kl, strict=True)
        )
    paths = yield from _paths(explorer, ends)
    return Contents(
        card,
        read_run_log(card.source, card.recipe) if card.source else RunLog(),
        explorer.samples(SampleSettings(seed=0, count=SAMPLES)).pictures,
        manifold.tiles.pictures,
        side,
        plane,
        None if np.isnan(kl).any() or not has_images else kl,
        plane.place(codes.mu) if has_images else None,
        reconstructions,
        paths,
        pairs,
        traversals,
        traversed,
        metrics,
    )


def _plane(explorer: Explorer) -> Plane:
    size = explorer.model.latent_dim
    if size > 2 and len(explorer.codes) > 2:
        return pca_plane(explorer.codes.mu)
    return axes_plane(0, min(1, size - 1), size)


def _measure(explorer: Explorer) -> Generator[Progress, None, tuple[Metric, ...]]:
    held_out = min(explorer.held_out, len(explorer.images))
    images = explorer.images[: min(SCORED_IMAGES, held_out or len(explorer.images))]
    scores = yield from with_eta(elbo_scores(explorer.model, images, DRAWS), len(images))
    part = "held-out images" if held_out else "images, some of which it may have learned from"
    on = f"{len(images):,} {part}"
    kl = explorer.kl_per_dimension()
    nats, per_image = f"{on}, {DRAWS} draws of z each", "nats per image"
    has_elbo = explorer.model.has_posterior
    return (
        Metric("Negative ELBO", _mean(scores.elbo) if has_elbo else "unknown", per_image, nats),
        Metric("Reconstruction", _mean(scores.elbo - scores.rate), per_image, nats),
        Metric("KL", _mean(scores.rate) if has_elbo else "unknown", per_image, on),
        Metric("Squared error", _mean(scores.error, 4), "per pixel, pixels 0 to 1", on),
        Metric(
            "Active dimensions",
            "unknown" if np.isnan(kl).any() else f"{int(is_active(kl).sum())} of {len(kl)}",
            "KL ≥ 0.01 nats",
            f"{len(explorer.codes):,} images of the map",
        ),
    )


def _kept_metrics(explorer: Explorer) -> tuple[Metric, ...]:
    """Return the kept measurements of the run; a damaged file must not prevent the report."""
    with suppress(RunError):
        return tuple(
            # Several metrics have numbers of one name, such as a rate.
            Metric(
                value.name,
                value.text,
                value.unit,
                " ".join((f"{each.title}: {each.on.text}.", *each.notes)),
            )
            for each in measurements_of(explorer)
            for value in each.values
        )
    return ()


def _mean(values: NDArray[np.float64], digits: int = 2) -> str:
    error = values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return f"{values.mean():.{digits}f} ± {error:.{digits}f}"


def _reconstruct(explorer: Explorer) -> NDArray[np.uint8]:
    """Return originals, then their reconstructions."""
    images = explorer.images[:RECONSTRUCTIONS]
    card, codes = explorer.card, explorer.codes
    assert card
    points = tuple(card.point_of(codes, row) for row in range(len(images)))
    originals = to_hwc(np.asarray(images.images))
    return np.concatenate([originals, explorer.tiles(points, len(points)).pictures])


def _paths(explorer: Explorer, ends: LatentPath) -> Generator[Progress, None, NDArray[np.uint8]]:
    """Return straight paths between pairs of images, one after another."""
    strips = []
    for pair in _pairs(explorer, ends):
        found = yield from decode_path(explorer, pair, PathKind.STRAIGHT)
        strips.append(found.tiles.pictures)
    return np.concatenate(strips)


def _pairs(explorer: Explorer, ends: LatentPath) -> list[LatentPath]:
    """Return paths between typical images of different classes, or of distant images.

    A conditional model would change its class halfway: its paths stay within one class, and with
    several conditions there is the one path of `ends`.
    """
    codes, card = explorer.codes, explorer.card
    if card is None or codes.labels is None or card.spec.conditions:
        return [replace(ends, steps=PATH_STEPS)]
    present = np.unique(codes.labels).tolist()
    if card.conditional:
        rows = [(codes.typical(y), _farthest(codes, codes.typical(y))) for y in present[:PAIRS]]
    else:
        others = [(a, b) for a, b in zip(present, present[::-1], strict=True) if a < b]
        rows = [codes.ends(), *((codes.typical(a), codes.typical(b)) for a, b in others)]
    return [
        LatentPath(card.point_of(codes, a), card.point_of(codes, b), PATH_STEPS)
        for a, b in rows[:PAIRS]
    ]


def _pair_sheets(explorer: Explorer) -> Generator[Progress, None, tuple[PairSheet, ...]]:
    """Return sheets of paths between many images, of one class and of two.

    A conditional model would change its class halfway from one class to another.
    """
    labels, card = explorer.codes.labels, explorer.card
    if labels is None or card is None or card.spec.conditions:
        return ()
    counts = np.unique(labels, return_counts=True)[1]
    kinds = [PairKind.SAME] if counts.max(initial=0) > 1 else []
    kinds += [PairKind.DIFFERENT] if len(counts) > 1 and not card.conditional else []
    sheets = []
    for kind in kinds:
        sheet = yield from make_pairs(explorer, PairSettings(kind))
        sheets.append(sheet)
    return tuple(sheets)


def _farthest(codes: Codes, row: int) -> int:
    """Return the row of the image of the same class whose code is farthest."""
    assert codes.labels is not None
    same = np.flatnonzero(codes.labels == codes.labels[row])
    return int(same[np.linalg.norm(codes.mu[same] - codes.mu[row], axis=1).argmax()])
