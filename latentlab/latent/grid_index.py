"""Spatial index of points on a plane, by the cells of a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

POINTS_PER_CELL = 4
MAX_GRID_SIDE = 1024
Box = tuple[float, float, float, float]
"""Left, bottom, right, top."""


class GridIndex:
    """Points sorted by cell, row by row of the grid.

    Parameters
    ----------
    xy : ndarray of float32, shape (N, 2)
        The points; those that are not finite are left out.
    """

    def __init__(self, xy: NDArray[np.float32]) -> None:
        good = np.isfinite(xy).all(1)
        rows = None if good.all() else np.flatnonzero(good)
        kept = xy if rows is None else xy[rows]
        side = int(np.sqrt(len(kept) / POINTS_PER_CELL))
        self.side = min(MAX_GRID_SIDE, max(1, side))
        self._low = kept.min(0) if len(kept) else np.zeros(2, np.float32)
        extent = kept.max(0) - self._low if len(kept) else np.ones(2, np.float32)
        self._size = np.maximum(extent, 1e-9) / np.float32(self.side)
        cell = self._cell(kept[:, 1], 1) * np.int32(self.side) + self._cell(kept[:, 0], 0)
        order = np.argsort(cell, kind="stable").astype(np.int32)
        self._starts = np.zeros(self.side**2 + 1, np.int64)
        np.cumsum(np.bincount(cell, minlength=self.side**2), out=self._starts[1:])
        self.xy = kept[order]
        self.rows = order if rows is None else rows[order].astype(np.int32)

    def __len__(self) -> int:
        return len(self.xy)

    def _cell(self, values: NDArray[np.float32], axis: int) -> NDArray[np.int32]:
        position = (values - self._low[axis]) / self._size[axis]
        return np.clip(position, 0, self.side - 1).astype(np.int32)

    def blocks(self, box: Box) -> list[slice]:
        """Return the slices of `xy` and `rows` with the points of the cells in a box."""
        left, low, right, high = box
        if not len(self):
            return []
        (x0, x1), (y0, y1) = self._reach(left, right, 0), self._reach(low, high, 1)
        if x0 > x1 or y0 > y1:
            return []
        if x0 == 0 and x1 == self.side - 1:
            whole = self._starts[[y0 * self.side, (y1 + 1) * self.side]].tolist()
            return [slice(*whole)]
        first = np.arange(y0, y1 + 1) * self.side
        starts, stops = self._starts[first + x0], self._starts[first + x1 + 1]
        filled = np.flatnonzero(stops > starts)
        return list(map(slice, starts[filled].tolist(), stops[filled].tolist()))

    def _reach(self, start: float, stop: float, axis: int) -> tuple[int, int]:
        """Return the first and last cell along an axis; the first is larger if there are none."""
        low, size = float(self._low[axis]), float(self._size[axis])
        if stop < low or start > low + size * self.side * (1 + 1e-6):
            return 1, 0
        first, last = (int(min(max((end - low) / size, 0), self.side - 1)) for end in (start, stop))
        return max(0, first - 1), min(self.side - 1, last + 1)

    def count(self, box: Box) -> int:
        """Return the number of points in the cells that a box touches."""
        return sum(block.stop - block.start for block in self.blocks(box))

    def take(self, box: Box) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Return the points in the cells that a box touches, and their rows."""
        blocks = self.blocks(box)
        if len(blocks) == 1:
            return self.xy[blocks[0]], self.rows[blocks[0]]
        if not blocks:
            return self.xy[:0], self.rows[:0]
        return (
            np.concatenate([self.xy[block] for block in blocks]),
            np.concatenate([self.rows[block] for block in blocks]),
        )

    def nearest(self, x: float, y: float) -> tuple[int, float] | None:
        """Return the row of the nearest point and its distance; None without points."""
        if not len(self):
            return None
        point = np.array([x, y], np.float32)
        # From outside the grid, search at least as far as its edge.
        outside = np.maximum(self._low - point, point - (self._low + self._size * self.side))
        step = float(self._size.max())
        reach = max(0.0, float(outside.max())) + step
        while True:
            xy, rows = self.take((x - reach, y - reach, x + reach, y + reach))
            if len(xy):
                offsets = xy - point
                squared = np.einsum("ij,ij->i", offsets, offsets)
                best = int(np.argmin(squared))
                distance = float(squared[best]) ** 0.5
                if distance <= reach or len(xy) == len(self):
                    return int(rows[best]), distance
                reach = distance * 1.0001
            else:
                reach *= 2


def points_in_polygon(polygon: NDArray[np.float64], xy: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which points of shape (N, 2) lie within a closed polygon of shape (K, 2).

    A ray to the right crosses the outline an odd number of times (Algorithm 112: Position of
    point relative to polygon, Shimrat, 1962).
    """
    # Sorted by y, so that an edge is compared only with points in its range of y.
    order = np.argsort(xy[:, 1], kind="stable")
    x, y = xy[order].T
    odd = np.zeros(len(xy), bool)
    starts = polygon.astype(np.float32)
    stops = np.roll(starts, -1, axis=0)
    lows, highs = np.minimum(starts, stops)[:, 1], np.maximum(starts, stops)[:, 1]
    # The lower end of an edge is part of its range of y, the upper end is not.
    spans = zip(np.searchsorted(y, lows), np.searchsorted(y, highs), strict=True)
    for (x0, y0), (x1, y1), (first, last) in zip(starts, stops, spans, strict=True):
        if y0 != y1:
            edge = (y[first:last] - y0) * ((x1 - x0) / (y1 - y0)) + x0
            odd[first:last] ^= x[first:last] < edge
    result = np.empty(len(xy), bool)
    result[order] = odd
    return result
