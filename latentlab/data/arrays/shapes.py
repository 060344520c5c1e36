"""Conversion of image arrays of other layouts to shape (N, C, H, W)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.data.arrays.advice import Rewriting
    from latentlab.errors import DataError

CHANNELS = (1, 3)
MAX_CHANNELS = 16
TRANSPARENCY = ". If the fourth is transparency, remove it."
SHORTEST_ROW = 16
"""Minimum number of values of a row taken as a flattened image (4 by 4)."""
COMPARED = 64
"""Number of images from which the channel order of flattened colour images is detected."""
WANTED = "Images must be N×H×W, N×H×W×C or N×C×H×W, with 1 to 16 channels, or rows of square images"


def channels_first(images: NDArray, rewriting: Rewriting) -> tuple[NDArray, str]:
    """Return a view with shape (N, C, H, W), and a note on an ambiguous layout.

    Raises
    ------
    DataError
        If the shape is not one of images, or there are fewer than two images.
    """
    shape = images.shape
    found, note = _as_rows(images, rewriting)
    if found.ndim == 3:
        _check_first(found, rewriting)
        found = found[:, None]
    elif found.ndim == 4 and shape[1] in CHANNELS and shape[3] in CHANNELS and shape[1] < shape[2]:
        note = f"The {shape[1]} in front is taken as the channels, not the {shape[3]} at the end."
    elif found.ndim == 4 and found.shape[1] not in CHANNELS:
        found, note = _many_channels(found, note)
    if found.ndim != 4 or not 1 <= found.shape[1] <= MAX_CHANNELS:
        raise _no_images(images, rewriting)
    if len(found) < 2 or not found.size:
        raise rewriting.refused(
            f"holds {len(found)} images of {found.shape[3]}×{found.shape[2]} pixels; at least two "
            "are needed, one for training and one for validation"
        )
    return found, note


def _many_channels(images: NDArray, note: str) -> tuple[NDArray, str]:
    """Return a view with the channels in front of height and width, and a note on their number."""
    _, first, middle, last = images.shape
    if last in CHANNELS:
        return np.moveaxis(images, -1, 1), note
    if last <= MAX_CHANNELS and last < min(first, middle):
        note = f"The last {last} values are taken as channels{TRANSPARENCY if last == 4 else '.'}"
        return np.moveaxis(images, -1, 1), note
    if first <= MAX_CHANNELS and first < min(middle, last):
        return images, f"{first} channels{TRANSPARENCY if first == 4 else '.'}"
    return images[..., None], ""  # no images


def _as_rows(images: NDArray, rewriting: Rewriting) -> tuple[NDArray, str]:
    """Reshape flattened images to squares; return other arrays unchanged."""
    if images.ndim < 2:
        return images, ""
    values = math.prod(images.shape[1:])
    # (N, 784, 1) and (N, 1, 784) hold flattened images too.
    if images.ndim > 2 and (images.ndim > 3 or max(images.shape[1:]) != values):
        return images, ""
    grey, colour = math.isqrt(values), math.isqrt(values // 3)
    if values < SHORTEST_ROW or len(images) == values:
        return images, ""
    if grey * grey == values:
        note = f"Rows of {values:,} values are taken as {grey}×{grey} pixels."
        return images.reshape(-1, grey, grey), note
    if 3 * colour * colour != values:
        return images, ""
    planes = images.reshape(-1, 3, colour, colour)
    pixels = images.reshape(-1, colour, colour, 3)
    together = _roughness(np.moveaxis(pixels, -1, 1)) < _roughness(planes)
    order = "the colours of each pixel together" if together else "one colour after the other"
    note = f"Rows of {values:,} values are taken as {colour}×{colour} pixels, {order}."
    return (np.moveaxis(pixels, -1, 1) if together else planes), note


def _roughness(images: NDArray) -> float:
    """Return the mean absolute difference of neighbouring pixels in a sample of images."""
    some = images[:: max(1, len(images) // COMPARED)].astype(np.float64)
    across, down = (np.abs(np.diff(some, axis=axis)).mean() for axis in (2, 3))
    return float(across + down)


def _check_first(images: NDArray, rewriting: Rewriting) -> None:
    """Raise an error if the last axis is that of the images, as in (28, 28, 60000)."""
    first, second, last = images.shape
    if first == second != last and last > 4 * first:
        raise _counted_last(images, rewriting)


def _counted_last(images: NDArray, rewriting: Rewriting) -> DataError:
    return rewriting.mended(
        f"has the shape {images.shape}, in which the last index seems to count the images",
        "np.moveaxis(v, -1, 0)",
        "This line puts it first",
    )


def _no_images(images: NDArray, rewriting: Rewriting) -> DataError:
    shape = images.shape
    problem = f"has the shape {shape}, which is not one of images"
    if len(shape) == 4 and shape[2] in CHANNELS and shape[0] == shape[1]:
        return _counted_last(images, rewriting)
    return rewriting.refused(problem, f"{WANTED}.")
