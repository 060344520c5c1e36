"""Preprocessing of a user's image to the size and channels of a data set."""

from __future__ import annotations

from contextlib import suppress
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from latentlab.data.files import other_files
from latentlab.data.files.image_file import UPPER, NoPictureError, in_mode, opened, put_upright
from latentlab.data.own_image.crop import Preprocessing, SourceImage, largest_frame
from latentlab.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.data.image_set import ImageSpec

HEAD = 1024
"""Number of bytes checked to detect a text file."""
LARGEST = 1024
"""Maximum longer side of a stored source image in pixels; models use smaller images."""
BOX = 20 / 28
"""Longer side of a centred digit as a fraction of the image."""
INK = 24
"""Brightness above which a pixel is part of the drawing."""


def read_source(path: Path) -> SourceImage:
    """Read an image file upright, reduced to `LARGEST` pixels along its longer side.

    Raises
    ------
    DataError
        If the file does not exist or is not a readable image.
    """
    try:
        with opened(path) as file:
            return bounded(SourceImage(path.name, _bytes_of(file)))
    except NoPictureError:
        raise DataError(f"{path} is not an image that can be read.", _advice(path)) from None
    except DataError as error:
        raise DataError(f"{path} cannot be read: {error.message}.", "Try another file.") from error


def _bytes_of(file: Image.Image) -> NDArray[np.uint8]:
    """Return the upright pixels as bytes, with shape (H, W) for grey or (H, W, 3) for colour."""
    upright, reach = put_upright(file)
    if reach and upright.mode == "F":
        return reach.to_bytes(np.asarray(upright))
    pixels = np.asarray(in_mode(upright, "L" if upright.mode[0] in "1L" else "RGB"))
    return reach.to_bytes(pixels * np.float32(UPPER)) if reach else pixels


def _advice(path: Path) -> str:
    """Return advice for a file that is not an image, by its suffix or content."""
    if advice := other_files.advice_of(path.name):
        return advice
    with suppress(OSError), path.open("rb") as file:
        head = file.read(HEAD)
        if head and min(head) >= ord("\t"):
            return "It holds text. Try a PNG or JPEG."
    return "Try a PNG or JPEG."


def bounded(source: SourceImage) -> SourceImage:
    """Return an image reduced to at most `LARGEST` pixels along its longer side."""
    if max(source.size) <= LARGEST:
        return source
    scale = LARGEST / max(source.size)
    size = [max(1, round(scale * side)) for side in source.size]
    smaller = Image.fromarray(source.pixels).resize(size, Image.Resampling.LANCZOS)
    return SourceImage(source.name, np.asarray(smaller))


def fit_picture(source: SourceImage, fitting: Preprocessing, spec: ImageSpec) -> NDArray[np.uint8]:
    """Crop, resize and convert an image to the shape of `spec`.

    Returns
    -------
    ndarray of uint8, shape (C, H, W)
    """
    channels, height, width = spec.shape
    if channels not in (1, 3):
        raise DataError(
            f"An image file has one or three channels; the images of this model have {channels}.",
            "Show a NumPy file with this model instead.",
        )
    picture = Image.fromarray(source.pixels).convert("L" if channels == 1 else "RGB")
    frame = fitting.frame or largest_frame(source.size, spec)
    right, bottom = frame.left + frame.width, frame.top + frame.height
    box = (
        max(0.0, frame.left),
        max(0.0, frame.top),
        min(right, source.size[0]),
        min(bottom, source.size[1]),
    )
    if fitting.invert:
        picture = ImageOps.invert(picture)
    if fitting.center:
        return centered(leveled(np.asarray(picture.crop(_whole_pixels(box)))), spec)
    fitted = np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS, box=box))
    return _channels_first(fitted)


def _whole_pixels(box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    """Round a box to whole pixels, at least one in each direction."""
    left, top = (min(round(box[i]), ceil(box[i + 2]) - 1) for i in (0, 1))
    return left, top, max(left + 1, round(box[2])), max(top + 1, round(box[3]))


def leveled(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Stretch the contrast so that the background is black and the maximum white.

    Inverted paper is not completely black. The background is the median of the border pixels; an
    image without pixels brighter than that becomes black.
    """
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    background, top = float(np.median(border)), float(pixels.max())
    if top <= background:
        return np.zeros_like(pixels)
    stretched = (pixels - background) * (255 / (top - background))
    return stretched.round().clip(0, 255).astype(np.uint8)


def centered(pixels: NDArray[np.uint8], spec: ImageSpec) -> NDArray[np.uint8]:
    """Cut out a light drawing on black and scale and centre it like MNIST's digits.

    The drawing is scaled with its proportions to a box of 20/28 of the image, and its centre of
    mass is moved to the image's centre: to pixel 14 of 28, counted from 0, as in MNIST. An image
    without a drawing becomes black.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (h, w) or (h, w, 3)
        Light on black, of any size.
    spec : ImageSpec
        Shape of the result.

    Returns
    -------
    ndarray of uint8, shape (C, H, W)

    References
    ----------
    Gradient-Based Learning Applied to Document Recognition, LeCun, Bottou, Bengio & Haffner,
    1998, section III.A.
    """
    _, height, width = spec.shape
    light = pixels if pixels.ndim == 2 else pixels.max(-1)
    rows, columns = np.flatnonzero((light > INK).any(1)), np.flatnonzero((light > INK).any(0))
    canvas = np.zeros((height, width, *pixels.shape[2:]), np.uint8)
    if not len(rows):
        return _channels_first(canvas)
    drawn = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = min(BOX * height / drawn.shape[0], BOX * width / drawn.shape[1])
    size = [max(1, round(scale * side)) for side in drawn.shape[1::-1]]
    small = np.asarray(Image.fromarray(drawn).resize(size, Image.Resampling.LANCZOS))
    top, left = (
        min(max(round(length / 2 - centre), 0), length - side)
        for length, centre, side in zip(
            (height, width), _centre_of_mass(small), small.shape[:2], strict=True
        )
    )
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return _channels_first(canvas)


def _centre_of_mass(pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """Return the row and column of the centre of mass of the brightness."""
    mass = pixels.astype(np.float64).reshape(*pixels.shape[:2], -1).sum(-1)
    total = max(float(mass.sum()), 1e-9)
    return (
        float(mass.sum(1) @ np.arange(mass.shape[0])) / total,
        float(mass.sum(0) @ np.arange(mass.shape[1])) / total,
    )


def _channels_first(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1))
