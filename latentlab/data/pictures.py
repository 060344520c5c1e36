"""A person's own picture, brought to the size and colours of a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from latentlab.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.data.base import ImageSpec


def read_picture(path: Path, spec: ImageSpec) -> NDArray[np.uint8]:
    """Read an image file as `spec` wants it: centre crop, resize, colour or grey.

    Returns
    -------
    ndarray of uint8, shape (C, H, W)

    Raises
    ------
    DataError
        Where the file is missing or no image.
    """
    channels, height, width = spec.shape
    try:
        with Image.open(path) as file:
            upright = _in_bytes(ImageOps.exif_transpose(file))
            picture = upright.convert("L" if channels == 1 else "RGB")
    except UnidentifiedImageError:
        raise DataError(f"{path} is not an image that can be read.", "Try a PNG or JPEG.") from None
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} cannot be read: {error}.", "Try another file.") from error
    fitted = np.asarray(ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS))
    return np.ascontiguousarray(fitted[None] if channels == 1 else fitted.transpose(2, 0, 1))


def _in_bytes(picture: Image.Image) -> Image.Image:
    """Scale 16 bits down to 8, which Pillow would cut off instead."""
    if not picture.mode.startswith("I;16"):
        return picture
    return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
