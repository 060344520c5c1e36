"""Many small pictures painted at once, with smooth edges, by numpy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

type Floats = NDArray[np.float32]

ZOOM = 0.92  # half the width of what is seen of the drawing's plane


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of every picture, to paint in.

    Only elementwise arithmetic touches pixels, so a picture does not depend on those beside it.

    Parameters
    ----------
    x, y : ndarray of float32, shapes (1, 1, w) and (1, h, 1)
        Centres of the pixels on the drawing's plane; y points down.
    pixel : float
        Width of a pixel in the same unit.
    view : ndarray of float32, shape (N, 3, h, w)
        The pixels, 0 to 255, which painting changes.
    """

    x: Floats
    y: Floats
    pixel: float
    view: Floats

    def cover(self, distance: Floats) -> Floats:
        """Return how much of each pixel lies within a shape: 1 inside, 0 outside.

        Parameters
        ----------
        distance : ndarray of float32
            Signed distance of the pixel's centre from the edge, negative inside; overwritten
            where it fills the region.
        """
        inside = distance * np.float32(-1 / self.pixel)
        inside += np.float32(0.5)
        return np.clip(inside, 0, 1, out=inside)

    def ellipse(self, x: Floats, y: Floats, width: Floats, height: Floats) -> Floats:
        """Return the cover of an ellipse around (`x`, `y`) with these half axes."""
        across, down = (self.x - x) / width, (self.y - y) / height
        slope = (across / width) ** 2 + (down / height) ** 2
        # The distance to first order: the implicit function over the length of its gradient.
        away = across**2 + down**2
        away -= 1
        away /= np.sqrt(slope, out=slope) * np.float32(2) + np.float32(1e-6)
        return self.cover(away)

    def glow(self, x: Floats, y: Floats, width: Floats, height: Floats) -> Floats:
        """Return an ellipse that fades from 1 in its middle to 0 at its edge."""
        fade = 1 - (((self.x - x) / width) ** 2 + ((self.y - y) / height) ** 2)
        np.maximum(fade, 0, out=fade)
        fade *= fade
        return fade

    def paint(self, cover: Floats, colour: Floats) -> None:
        """Lay a colour over the pixels.

        Parameters
        ----------
        cover : ndarray of float32, shape (N, h, w)
            0 keeps a pixel, 1 replaces it.
        colour : ndarray of float32, shape (N, 3, 1, 1) or (N, 3, h, w)
            0 to 255.
        """
        change = colour - self.view
        change *= cover[:, None]
        view = self.view
        view += change


class Canvas:
    """Square colour pictures.

    Parameters
    ----------
    count : int
        Number of pictures.
    size : int
        Pixels along each side.
    """

    def __init__(self, count: int, size: int) -> None:
        self.pixels: Floats = np.empty((count, 3, size, size), np.float32)
        self._axis = (ZOOM * ((np.arange(size) + 0.5) * 2 / size - 1)).astype(np.float32)

    def region(
        self,
        left: Floats | float = -1,
        right: Floats | float = 1,
        top: Floats | float = -1,
        bottom: Floats | float = 1,
    ) -> Region:
        """Return the smallest rectangle that holds these limits in every picture."""
        columns, rows = _within(self._axis, left, right), _within(self._axis, top, bottom)
        return Region(
            self._axis[None, None, columns],
            self._axis[None, rows, None],
            2 * ZOOM / len(self._axis),
            self.pixels[:, :, rows, columns],
        )

    def bytes(self) -> NDArray[np.uint8]:
        """Return the pictures, with shape (N, 3, size, size)."""
        self.pixels += np.float32(0.5)
        return self.pixels.astype(np.uint8)


def _within(axis: Floats, low: Floats | float, high: Floats | float) -> slice:
    first, last = np.searchsorted(axis, (np.min(low), np.max(high)))
    return slice(max(int(first) - 1, 0), int(last) + 1)
