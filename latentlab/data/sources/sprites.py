"""White shapes on black with random position, rotation and scale.

Similar to dSprites (Matthey, Higgins, Hassabis and Lerchner, 2017), but drawn by this program, at
any size, with factors from uniform distributions instead of a grid.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, override

import numpy as np

from latentlab.data.data_set import DATA
from latentlab.data.drawing.procedural import GeneratedConfig, check_memory, draw_all, endless_noise
from latentlab.data.image_set import Attributes, ImageSet, ImageSpec
from latentlab.data.parts import Outline, Splits
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

SHAPES = ("square", "ellipse", "heart")
RANGES = {"shape": (0, 3), "scale": (0.5, 1), "rotation": (0, 2 * np.pi), "x": (0, 1), "y": (0, 1)}
MARGIN = 0.22  # fraction of the image's width; at scale 1 every shape fits into this radius
SQUARE, ELLIPSE, HEART = 0.15, (0.21, 0.105), 0.165  # half widths, fractions of the image's width


@DATA.register
class SpritesConfig(GeneratedConfig, title="Sprites"):
    """Square, ellipse or heart of random size, rotation and position, white on black."""

    kind: Literal["sprites"] = "sprites"

    @override
    def outline(self) -> Generator[Progress, None, Outline | None]:
        yield from ()
        spec = ImageSpec((1, self.size, self.size), SHAPES)
        return replace(Outline.of(spec, self.count, self.held_out), attributes=tuple(RANGES))

    @override
    def load(self) -> Generator[Progress, None, Splits]:
        """See `DataConfig.load`; the attributes are shape, scale, rotation, x and y."""
        shape = (self.count, 1, self.size, self.size)
        check_memory(shape, "sprites")
        yield Progress("Choosing sprites", 0.0)
        factors = random_sprites(self.count, self.seed)

        def draw(rows: slice) -> NDArray[np.uint8]:
            return draw_sprites(factors[rows], self.size)

        images = yield from draw_all(draw, shape, "sprites")
        labels = factors[:, 0].astype(np.int64)
        attributes = Attributes(tuple(RANGES), factors)
        whole = ImageSet(images, labels, ImageSpec(shape[1:], SHAPES), attributes)
        return Splits.of(whole, self.held_out)


def random_sprites(count: int, seed: int) -> NDArray[np.float32]:
    """Return the factors of the first sprites of a seed.

    Returns
    -------
    ndarray of float32, shape (count, 5)
        Shape (index into SHAPES), scale (0.5 to 1), rotation (radians, clockwise), x and y (0 at
        the left and the top, 1 at the right and the bottom).
    """
    low, high = np.array(list(RANGES.values())).T
    factors = low + (high - low) * endless_noise(0, count, len(RANGES), seed)
    factors[:, 0] = np.floor(factors[:, 0])
    return factors.astype(np.float32)


def draw_sprites(factors: NDArray[np.float32], size: int = 64) -> NDArray[np.uint8]:
    """Draw one sprite per row of factors; a pixel is white if its centre is in the shape.

    Parameters
    ----------
    factors : ndarray of float32, shape (N, 5)
        See `random_sprites`.
    size : int
        Side length in pixels.

    Returns
    -------
    ndarray of uint8, shape (N, 1, size, size)
        0 and 255.
    """
    shape, scale, rotation, x, y = factors.T[:, :, None, None]
    axis = ((np.arange(size) + 0.5) / size).astype(np.float32)
    right = (axis - (MARGIN + (1 - 2 * MARGIN) * x)) / scale
    down = (axis[:, None] - (MARGIN + (1 - 2 * MARGIN) * y)) / scale
    cosine, sine = np.cos(rotation), np.sin(rotation)
    images = np.zeros((len(factors), 1, size, size), np.uint8)
    for index, inside in enumerate((_in_square, _in_ellipse, _in_heart)):
        rows = np.flatnonzero(shape == index)
        across = (cosine * right)[rows] + (sine * down)[rows]
        along = (cosine * down)[rows] - (sine * right)[rows]
        images[rows, 0] = inside(across, along) * np.uint8(255)
    return images


def _in_square(across: NDArray, along: NDArray) -> NDArray[np.bool_]:
    return np.maximum(np.abs(across), np.abs(along)) < SQUARE


def _in_ellipse(across: NDArray, along: NDArray) -> NDArray[np.bool_]:
    return (across / ELLIPSE[0]) ** 2 + (along / ELLIPSE[1]) ** 2 < 1


def _in_heart(across: NDArray, along: NDArray) -> NDArray[np.bool_]:
    """Return whether points are inside the heart curve (x² + y² - 1)³ = x² y³, its tip down."""
    x, y = (across / HEART) ** 2, along / -HEART
    ring = x + y * y - 1
    return ring * ring * ring < x * y * y * y
