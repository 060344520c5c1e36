"""Rasterization of points: each stamped if there are few, counted per pixel if many."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latentlab.latent.grid_index import Box

    Offsets = tuple[tuple[int, int], ...]

RIM = 0.6
"""Width in pixels of the paler rim around a point, which makes it look round."""
RIM_OPACITY = 0.45
DIM = 0.16
"""Opacity of the points outside a selection."""
FAINTEST = 0.5
"""Opacity of a pixel with a single point in a density image."""
StampLayer = tuple["NDArray[np.uint32]", "NDArray[np.uint32]", "NDArray[np.bool_] | None"]
"""Colours of core and rim of each point, and a mask of the points to draw."""
POINTS_PER_BATCH = 1 << 18


@dataclass(frozen=True, eq=False)
class PointColours:
    """Indexed colours of points.

    Parameters
    ----------
    index : ndarray of uint8, shape (N,)
        Row of the palette for each point.
    palette : ndarray of uint8, shape (K, 3)
        RGB colours.
    """

    index: NDArray[np.uint8]
    palette: NDArray[np.uint8]

    def argb(self, opacity: float) -> NDArray[np.uint32]:
        """Return the palette as premultiplied 0xAARRGGBB."""
        parts = np.column_stack([np.full(len(self.palette), 255), self.palette])
        a, r, g, b = np.round(parts * opacity).astype(np.uint32).T
        argb: NDArray[np.uint32] = a << 24 | r << 16 | g << 8 | b
        return argb


@lru_cache(maxsize=64)
def disc_offsets(size: int, rim: float = RIM) -> tuple[Offsets, Offsets]:
    """Return the pixel offsets that a point covers: a disc and its rim.

    Parameters
    ----------
    size : int
        Diameter of the disc, in pixels.
    rim : float
        Width of the rim, in pixels.
    """
    reach = int(size / 2 + rim) + 1
    middle = 0.5 * (size % 2 == 0)
    distances = {
        (x, y): (x - middle) ** 2 + (y - middle) ** 2
        for x in range(-reach, reach + 1)
        for y in range(-reach, reach + 1)
    }
    core = tuple(p for p, squared in distances.items() if squared <= (size / 2) ** 2)
    edge = (size / 2 + rim) ** 2
    return core, tuple(p for p, squared in distances.items() if (size / 2) ** 2 < squared <= edge)


def point_diameter(count: int) -> int:
    """Return the diameter of a point, in pixels, for a number of points."""
    return 5 if count < 1500 else 3 if count < 20_000 else 2


def draw_points(
    pixel: NDArray[np.float32],
    layers: Sequence[StampLayer],
    width: int,
    height: int,
    size: int,
    rim: float = RIM,
) -> NDArray[np.uint32]:
    """Stamp points into an image.

    Parameters
    ----------
    pixel : ndarray of float32, shape (N, 2)
        Positions from the top left corner.
    layers : sequence of StampLayer
        Layers from bottom to top.
    width, height, size : int
        Size of the image, and diameter of a point, in pixels.
    rim : float
        See `offsets`.

    Returns
    -------
    ndarray of uint32, shape (height, width)
    """
    seen = np.flatnonzero(
        (pixel[:, 0] >= 0) & (pixel[:, 0] < width) & (pixel[:, 1] >= 0) & (pixel[:, 1] < height)
    )
    core, edge = disc_offsets(size, rim)
    margin = max(abs(part) for offset in (*core, *edge) for part in offset)
    stride = width + 2 * margin
    x, y = pixel[seen].astype(np.int32).T
    position = (y + margin) * stride + x + margin
    canvas = np.zeros((height + 2 * margin, stride), np.uint32)
    flat = canvas.reshape(-1)
    for cores, rims, chosen in layers:
        drawn = slice(None) if chosen is None else np.flatnonzero(chosen[seen])
        where, rows = position[drawn], seen[drawn]
        for covered, colour in ((edge, rims[rows]), (core, cores[rows])):
            for dx, dy in covered:
                flat[where + (dy * stride + dx)] = colour
    return np.ascontiguousarray(canvas[margin:-margin, margin:-margin])


def render_density(
    xy: NDArray[np.float32],
    index: NDArray[np.uint8],
    palette: NDArray[np.uint8],
    box: Box,
    width: int,
    height: int,
) -> NDArray[np.uint32]:
    """Render the density of points: mean colour per pixel, with opacity by the log of the count.

    Parameters
    ----------
    xy : ndarray of float32, shape (N, 2)
        Positions.
    index : ndarray of uint8, shape (N,)
        Row of the palette for each point.
    palette : ndarray of uint8, shape (K, 3)
        RGB colours.
    box : (float, float, float, float)
        Left, lower, right and upper end of the image, in data coordinates.
    width, height : int
        Size of the image, in pixels.

    Returns
    -------
    ndarray of uint32, shape (height, width)
        Premultiplied 0xAARRGGBB.
    """
    left, low, right, high = box
    sx, sy = np.float32(width / (right - left)), np.float32(height / (high - low))
    sums = np.zeros((4, width * height), np.float32)
    channels = palette.T.astype(np.float32)
    for start in range(0, len(xy), POINTS_PER_BATCH):
        part, shade = xy[start : start + POINTS_PER_BATCH], index[start : start + POINTS_PER_BATCH]
        x = (part[:, 0] - np.float32(left)) * sx
        y = (np.float32(high) - part[:, 1]) * sy
        seen = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        if not seen.all():
            x, y, shade = x[seen], y[seen], shade[seen]
        pixel = y.astype(np.int32) * np.int32(width) + x.astype(np.int32)
        sums[0] += np.bincount(pixel, minlength=width * height)
        for total, channel in zip(sums[1:], channels, strict=True):
            total += np.bincount(pixel, channel[shade], minlength=width * height)
    return _shaded(sums).reshape(height, width)


def _shaded(sums: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Return pixels from counts and colour sums, of shape (4, P)."""
    filled = np.flatnonzero(sums[0])
    shaded = np.zeros(sums.shape[1], np.uint32)
    if not len(filled):
        return shaded
    count = sums[0, filled]
    top = max(2.0, float(np.quantile(count, 0.995)))
    alpha = FAINTEST + (1 - FAINTEST) * np.minimum(1, np.log(count) / np.float32(np.log(top)))
    share = alpha / count
    pixel = (alpha * 255).astype(np.uint32) << 24
    for shift, total in zip((16, 8, 0), sums[1:], strict=True):
        pixel |= (total[filled] * share).astype(np.uint32) << shift
    shaded[filled] = pixel
    return shaded
