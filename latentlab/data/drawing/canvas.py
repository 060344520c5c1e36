"""Many small pictures painted at once, with smooth edges, by numpy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

type Floats = NDArray[Any]  # of float32, which a product with a plain number stays
type Number = Floats | float

ZOOM = 0.92  # half the width of what is seen of the drawing's plane


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of every picture, to paint in.

    Pictures are the last axis, so that measures of each, with shape (N,), fit as they are. Only
    elementwise arithmetic touches pixels: no picture depends on those beside it.

    Parameters
    ----------
    x, y : ndarray of float32, shapes (w, 1) and (h, 1, 1)
        Centres of the pixels on the drawing's plane; y points down.
    pixel : float
        Width of a pixel in the same unit.
    view : ndarray of float32, shape (3, h, w, N)
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
        distance : ndarray of float32, shape (h, w, N)
            Signed distance of the pixel's centre from the edge, negative inside.
        """
        inside = distance * (-1 / self.pixel)
        inside += 0.5
        return np.clip(inside, 0, 1, out=inside)

    def ellipse(self, x: Number, y: Number, width: Number, height: Number) -> Floats:
        """Return the cover of an ellipse around (`x`, `y`) with these half axes."""
        across, down = (self.x - x) / width, (self.y - y) / height
        # The distance to first order: the implicit function over the length of its gradient.
        edge = across**2 + (down**2 - 1)
        twice = 2 * self.pixel
        grad = (twice / width * across) ** 2 + ((twice / height * down) ** 2 + 1e-9)
        edge /= np.sqrt(grad, out=grad)
        np.subtract(0.5, edge, out=edge)
        return np.clip(edge, 0, 1, out=edge)

    def glow(self, x: Number, y: Number, width: Number, height: Number) -> Floats:
        """Return an ellipse that fades from 1 in its middle to 0 at its edge."""
        fade = (1 - ((self.x - x) / width) ** 2) - ((self.y - y) / height) ** 2
        np.maximum(fade, 0, out=fade)
        fade *= fade
        return fade

    def paint(self, cover: Floats, colour: Floats) -> None:
        """Lay a colour over the pixels.

        Parameters
        ----------
        cover : ndarray of float32, shape (h, w, N)
            0 keeps a pixel, 1 replaces it.
        colour : ndarray of float32, shape (3, 1, 1, N) or (3, h, w, N)
            0 to 255.
        """
        for channel, tint in zip(self.view, colour, strict=True):
            change = tint - channel
            change *= cover
            channel += change


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
        self._pixels = np.empty((3, size, size, count), np.float32)
        self._axis = (ZOOM * ((np.arange(size) + 0.5) * 2 / size - 1)).astype(np.float32)

    def region(
        self,
        left: Number = -1,
        right: Number = 1,
        top: Number = -1,
        bottom: Number = 1,
    ) -> Region:
        """Return the smallest rectangle that holds these limits in every picture."""
        columns, rows = self._within(left, right), self._within(top, bottom)
        return Region(
            self._axis[columns, None],
            self._axis[rows, None, None],
            2 * ZOOM / len(self._axis),
            self._pixels[:, rows, columns],
        )

    def _within(self, low: Number, high: Number) -> slice:
        first, last = np.searchsorted(self._axis, (np.min(low), np.max(high)))
        return slice(max(int(first) - 1, 0), int(last) + 1)

    def bytes(self) -> NDArray[np.uint8]:
        """Return the pictures, with shape (N, 3, size, size)."""
        self._pixels += 0.5
        return np.moveaxis(self._pixels.astype(np.uint8), -1, 0)
