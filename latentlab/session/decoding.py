"""Sheets of many pictures, decoded piece by piece where that takes long."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.base import Loading
from latentlab.latent.manifold import axis, plane_points
from latentlab.session.scene import GridSettings, Manifold, Point, Tiles

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.latent.frames import Frame
    from latentlab.session.explorer import Explorer

FIRST = 16
"""Pictures by which is learned how long one takes."""
PIECE = 0.012
"""Seconds of its thread that a piece may take: z is followed by its own picture in between."""


def decoded(
    explorer: Explorer, points: tuple[Point, ...], columns: int, message: str
) -> Generator[Loading, None, Tiles]:
    """Decode many points; a small model does so at one go."""
    parts, done, count = [], 0, FIRST
    while done < len(points):
        began = time.thread_time()
        some = points[done : done + count]
        parts.append(explorer.tiles(some, columns).pictures)
        done += len(some)
        each = (time.thread_time() - began) / len(some)
        count = max(1, int(PIECE / max(each, 1e-6)))
        if done < len(points):
            yield Loading(message, done / len(points))
    return Tiles(points, np.concatenate(parts), columns)


def make_manifold(
    explorer: Explorer, point: Point, frame: Frame, grid: GridSettings
) -> Generator[Loading, None, Manifold]:
    """Decode a grid over a plane through `point`."""
    lines = axis(grid.n, grid.span, grid.spacing)
    z = plane_points(point.z, frame, lines)
    points = tuple(point.at(tuple(row)) for row in z.tolist())
    tiles = yield from decoded(explorer, points, grid.n, "Decoding the manifold")
    return Manifold(tiles, frame, lines)
