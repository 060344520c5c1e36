"""A random sample of images, in their order: the first ones may be of one class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

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
    pixels = cast("NDArray[np.uint8]", _Rows(images.images, rows))
    return images.with_pixels(pixels, rows)


class _Rows:
    """Rows of an array, of which only those that are indexed are copied.

    Parameters
    ----------
    array : ndarray of uint8, shape (M, C, H, W)
        May be memory-mapped.
    rows : ndarray of int64, shape (N,)
        Rows of it.
    """

    def __init__(self, array: NDArray[np.uint8], rows: NDArray[np.int64]) -> None:
        self._array, self._rows = array, rows
        self.shape, self.dtype = (len(rows), *array.shape[1:]), array.dtype

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, rows: Any) -> NDArray[np.uint8]:
        return self._array[self._rows[rows]]
