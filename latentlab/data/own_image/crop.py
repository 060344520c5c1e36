"""How a person's own picture is brought to a data set's size: plain records and geometry."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latentlab.data.image_set import ImageSpec

SMALLEST = 8.0
"""Pixels of the picture that the shorter side of a frame keeps at least."""
BROW = 0.4
"""How far down the spare height of a tall colour picture its frame begins: faces sit high."""


@dataclass(frozen=True, slots=True)
class SourceImage:
    """A picture as it came, upright, before anything is cut away.

    Parameters
    ----------
    name : str
        What people call it, such as its file's name.
    pixels : ndarray of uint8, shape (H, W) or (H, W, 3)
        Grey or colour.
    """

    name: str
    pixels: NDArray[np.uint8] = field(repr=False, compare=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        height, width = self.pixels.shape[:2]
        return width, height


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of a picture that is taken, in its pixels; always within it."""

    left: float
    top: float
    width: float
    height: float

    def moved(self, dx: float, dy: float, size: tuple[int, int]) -> Frame:
        """Return it shifted, as far as a picture of `size` reaches."""
        left = max(0.0, min(self.left + dx, size[0] - self.width))
        top = max(0.0, min(self.top + dy, size[1] - self.height))
        return replace(self, left=left, top=top)

    def scaled(self, factor: float, size: tuple[int, int]) -> Frame:
        """Return it larger or smaller about its middle, as far as a picture of `size` allows."""
        most = min(size[0] / self.width, size[1] / self.height)
        least = min(1.0, SMALLEST / min(self.width, self.height))
        factor = min(max(factor, least), most)
        width, height = self.width * factor, self.height * factor
        left = self.left + (self.width - width) / 2
        top = self.top + (self.height - height) / 2
        return Frame(left, top, width, height).moved(0, 0, size)

    def fits(self, spec: ImageSpec, size: tuple[int, int]) -> bool:
        """Say whether it lies within a picture of `size` and has the shape of a `spec` image."""
        _, height, width = spec.shape
        inside = self.left + self.width <= size[0] + 0.01 and self.top + self.height <= (
            size[1] + 0.01
        )
        return inside and abs(self.width * height - self.height * width) <= 0.01 * height * width


def largest_frame(size: tuple[int, int], spec: ImageSpec) -> Frame:
    """Return the largest frame of a `spec` image's proportions, in the middle.

    Of a tall colour picture it is taken a little higher, where a face would be.
    """
    channels, height, width = spec.shape
    scale = min(size[0] / width, size[1] / height)
    # Rounding would make them a little larger than some pictures, and their corners negative.
    wide, tall = min(width * scale, size[0]), min(height * scale, size[1])
    down = BROW if channels == 3 else 0.5
    return Frame((size[0] - wide) / 2, (size[1] - tall) * down, wide, tall)


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """What is done to a picture before a model sees it.

    Parameters
    ----------
    frame : Frame or None
        What is taken of it; None for `largest_frame`.
    invert : bool
        Whether dark and light change places.
    center : bool
        Whether what is light on dark ground is cut out and centred as MNIST's digits are.
    """

    frame: Frame | None = None
    invert: bool = False
    center: bool = False


@dataclass(frozen=True, slots=True)
class OwnImage:
    """Where a person's own picture came from, so that it can be brought to any size again."""

    source: SourceImage
    fitting: Preprocessing
