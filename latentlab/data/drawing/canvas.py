"""Batched, anti-aliased drawing of small images with numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

type Floats = NDArray[Any]  # of float32; arithmetic with Python numbers keeps this dtype
type Number = Floats | float

ZOOM = 0.92  # half the width of the visible part of the drawing plane


@dataclass(frozen=True, slots=True)
class Region:
    """Rectangle of all images of a batch, to paint in.

    The batch is the last axis, so that factors with shape (N,) broadcast. Pixels are changed by
    elementwise arithmetic only, so that no image depends on the others of its batch.

    Parameters
    ----------
    x, y : ndarray of float32, shapes (w, 1) and (h, 1, 1)
        Pixel centres on the drawing plane; y points down.
    pixel : float
        Width of a pixel in the same unit.
    view : ndarray of float32, shape (3, h, w, N)
        Pixels, 0 to 255, which painting changes in place.
    """

    x: Floats
    y: Floats
    pixel: float
    view: Floats

    def cover(self, distance: Floats) -> Floats:
        """Return the fraction of each pixel that is inside a shape.

        Parameters
        ----------
        distance : ndarray of float32, shape (h, w, N)
            Signed distance of the pixel centres from the edge, negative inside.
        """
        inside = distance * (-1 / self.pixel)
        inside += 0.5
        return np.clip(inside, 0, 1, out=inside)

    def ellipse(self, x: Number, y: Number, width: Number, height: Number) -> Floats:
        """Return the cover of an ellipse centred at (`x`, `y`) with these semi-axes."""
        across, down = (self.x - x) / width, (self.y - y) / height
        # First-order distance: the implicit function divided by the norm of its gradient.
        edge = across**2 + (down**2 - 1)
        twice = 2 * self.pixel
        grad = (twice / width * across) ** 2 + ((twice / height * down) ** 2 + 1e-9)
        edge /= np.sqrt(grad, out=grad)
        np.subtract(0.5, edge, out=edge)
        return np.clip(edge, 0, 1, out=edge)

    def glow(self, x: Number, y: Number, width: Number, height: Number) -> Floats:
        """Return the cover of an ellipse that fades from 1 at its centre to 0 at its edge."""
        fade = (1 - ((self.x - x) / width) ** 2) - ((self.y - y) / height) ** 2
        np.maximum(fade, 0, out=fade)
        fade *= fade
        return fade

    def paint(self, cover: Floats, colour: Floats) -> None:
        """Blend a colour into the pixels.

        Parameters
        ----------
        cover : ndarray of float32, shape (h, w, N)
            Opacity in [0, 1].
        colour : ndarray of float32, shape (3, 1, 1, N) or (3, h, w, N)
            0 to 255.
        """
        for channel, tint in zip(self.view, colour, strict=True):
            change = tint - channel
            change *= cover
            channel += change


class Canvas:
    """Batch of square colour images.

    Parameters
    ----------
    count : int
        Number of images.
    size : int
        Side length in pixels.
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
        """Return the smallest rectangle that contains the limits of every image."""
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
        """Return the images, with shape (N, 3, size, size)."""
        self._pixels += 0.5
        return np.moveaxis(self._pixels.astype(np.uint8), -1, 0)
