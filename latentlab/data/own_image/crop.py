"""Records and geometry of the preprocessing of a user's image."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latentlab.data.image_set import ImageSpec

SMALLEST = 8.0
"""Minimum length of the shorter side of a crop, in pixels of the source image."""
BROW = 0.4
"""Vertical position of the default crop of a tall colour image: above 0.5, where faces are."""


@dataclass(frozen=True, slots=True)
class SourceImage:
    """Upright image before preprocessing.

    Parameters
    ----------
    name : str
        Display name, such as the file name.
    pixels : ndarray of uint8, shape (H, W) or (H, W, 3)
        Grey or colour.
    """

    name: str
    pixels: NDArray[np.uint8] = field(repr=False, compare=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.pixels.shape[:2]
        return width, height


@dataclass(frozen=True, slots=True)
class CropBox:
    """Crop rectangle in pixels of the source image, inside the image."""

    left: float
    top: float
    width: float
    height: float

    def moved(self, dx: float, dy: float, size: tuple[int, int]) -> CropBox:
        """Return the rectangle shifted by (`dx`, `dy`), clamped to an image of `size`."""
        left = max(0.0, min(self.left + dx, size[0] - self.width))
        top = max(0.0, min(self.top + dy, size[1] - self.height))
        return replace(self, left=left, top=top)

    def scaled(self, factor: float, size: tuple[int, int]) -> CropBox:
        """Return the rectangle scaled about its centre, limited to an image of `size`."""
        most = min(size[0] / self.width, size[1] / self.height)
        least = min(1.0, SMALLEST / min(self.width, self.height))
        factor = min(max(factor, least), most)
        width, height = self.width * factor, self.height * factor
        left = self.left + (self.width - width) / 2
        top = self.top + (self.height - height) / 2
        return CropBox(left, top, width, height).moved(0, 0, size)

    def fits(self, spec: ImageSpec, size: tuple[int, int]) -> bool:
        """Return whether it is inside an image of `size` and has the proportions of `spec`."""
        _, height, width = spec.shape
        inside = self.left + self.width <= size[0] + 0.01 and self.top + self.height <= (
            size[1] + 0.01
        )
        return inside and abs(self.width * height - self.height * width) <= 0.01 * height * width


def largest_frame(size: tuple[int, int], spec: ImageSpec) -> CropBox:
    """Return the largest centred crop with the proportions of `spec`.

    For a tall colour image it is above the centre (`BROW`), where a face would be.
    """
    channels, height, width = spec.shape
    scale = min(size[0] / width, size[1] / height)
    # Without min(), rounding can make the crop larger than the image and its corner negative.
    wide, tall = min(width * scale, size[0]), min(height * scale, size[1])
    down = BROW if channels == 3 else 0.5
    return CropBox((size[0] - wide) / 2, (size[1] - tall) * down, wide, tall)


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Preprocessing of an image for a model.

    Parameters
    ----------
    frame : CropBox or None
        Crop rectangle; None for `largest_frame`.
    invert : bool
        Whether to invert the brightness.
    center : bool
        Whether to cut out the light drawing on dark ground and centre it like MNIST's digits.
    automatic : bool
        Whether to invert a grey image if its background is opposite to that of the data set, as
        dark ink on paper is to MNIST; `invert` then has the result.
    """

    frame: CropBox | None = None
    invert: bool = False
    center: bool = False
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class OwnImage:
    """Source and preprocessing of a user's image, from which it can be made for any model."""

    source: SourceImage
    fitting: Preprocessing
