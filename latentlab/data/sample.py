"""A random sample of images, in their order: the first ones may be of one class."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from latentlab.data.row_view import RowView

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.data.image_set import ImageSet


def sample_rows(total: int, count: int, seed: int = 0) -> NDArray[np.int64]:
    """Return at most `count` random rows of `total`, ascending; the same for each seed."""
    if count >= total:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).permutation(total)[:count])


def sample_of(images: ImageSet, count: int | None) -> ImageSet:
    """Return at most `count` random images, or all for None, without copying pixels."""
    if count is None or count >= len(images):
        return images
    rows = sample_rows(len(images), count)
    pixels = cast("NDArray[np.uint8]", RowView(images.images, rows))
    return images.with_pixels(pixels, rows)
