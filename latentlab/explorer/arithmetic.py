"""Latent arithmetic and traversals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from latentlab.explorer.model import decode_in_steps
from latentlab.latent.dimensions import (
    data_range,
    quantile_range,
    traverse,
)
from latentlab.latent.prior_samples import range_of_prior
from latentlab.session.interpolation import Blend, Range, Traversal, TraversalSettings
from latentlab.session.points import Point

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.data.condition import Label
    from latentlab.explorer.explorer import Explorer
    from latentlab.work import Progress


def blend(
    explorer: Explorer,
    slots: tuple[Point | Path | int, Point | Path | int, Point | Path | int],
    strength: float,
    label: Label | None,
) -> Blend:
    """Decode (A - B)·strength + C, with the label of C.

    Parameters
    ----------
    explorer : Explorer
        Provides the model.
    slots : tuple
        A, B and C, each a point, an image file, or the row of an image.
    strength : float
        Factor of the difference.
    label : int, tuple of float, or None
        Label of images from files, for a conditional model.

    Raises
    ------
    DataError
        If a file is not an image.
    """
    a, b, c = (_point_of(explorer, slot, label) for slot in slots)
    z = strength * (np.array(a.z) - np.array(b.z)) + np.array(c.z)
    points = (a, b, c, c.at(tuple(z.tolist())))
    return Blend(points, explorer.tiles(points, 4).pictures)


def make_traversal(
    explorer: Explorer, point: Point, settings: TraversalSettings
) -> Generator[Progress, None, Traversal]:
    """Decode a traversal of each dimension, in descending order of KL, or of spread without KL."""
    codes = explorer.codes
    kl = explorer.kl_per_dimension()
    size = codes.spread if np.isnan(kl).any() else kl
    order = np.argsort(-size, kind="stable")[: settings.most]
    match settings.range:
        case Range.DEVIATIONS:
            ranges = data_range(codes, settings.span)
        case Range.QUANTILES:
            ranges = quantile_range(codes)
        case Range.PRIOR:
            y = explorer.label_array(point)
            ranges = range_of_prior(explorer.model, settings.span, y)
    dimensions = tuple(order.tolist())
    z, values = traverse(point.z, dimensions, ranges, settings.columns)
    points = tuple(point.at(tuple(row)) for row in z.tolist())
    tiles = yield from decode_in_steps(explorer, points, settings.columns, "Decoding traversals")
    return Traversal(tiles, dimensions, tuple(kl[order].tolist()), values, len(kl))


def _point_of(explorer: Explorer, slot: Point | Path | int, label: Label | None) -> Point:
    if isinstance(slot, Point):
        return slot
    if isinstance(slot, Path):
        return explorer.encode(slot, label).point
    return explorer.original(slot).point
