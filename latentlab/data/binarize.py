"""Binarized images: each pixel is white with the probability of its grey value.

A draw depends only on the image and a seed, and is made when pixels are read. Therefore an image
has the same draw wherever it is, and images that do not fit into memory need no copy.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from latentlab.data.conditions import read_splits
from latentlab.data.holdout import content_keys
from latentlab.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from numpy.typing import NDArray

    from latentlab.data.data_set import DataConfig
    from latentlab.data.image_set import ImageSet
    from latentlab.data.parts import Splits
    from latentlab.work import Progress

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""Step of the counter of SplitMix64."""
PIECE = 1 << 20
"""Pixels that are drawn at once, so that the random numbers take little memory."""


class Binarized:
    """View of grey images that draws black or white for each pixel when rows are indexed.

    Parameters
    ----------
    grey : ndarray, shape (N, 1, H, W)
        Bytes 0 to 255, or floats in [0, 1], or a view of these.
    seed : int
        Seed of the draw.
    is_dynamic : bool
        Whether training draws again at each step.
    """

    def __init__(self, grey: NDArray[Any], seed: int, *, is_dynamic: bool = False) -> None:
        self.grey, self._seed, self.is_dynamic = grey, seed, is_dynamic
        self.shape, self.dtype = grey.shape, grey.dtype
        self.nbytes = int(np.prod(self.shape)) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        grey = np.asarray(self.grey[rows])
        images = grey.reshape(-1, *self.shape[1:])
        return binarize(images, self._seed).reshape(grey.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype)


def binarize(images: NDArray[Any], seed: int) -> NDArray[Any]:
    """Draw black or white for each pixel, reproducibly for each image.

    Parameters
    ----------
    images : ndarray of uint8 or float32, shape (N, 1, H, W)
        Bytes 0 to 255, or floats in [0, 1].
    seed : int
        Seed of the draw.

    Returns
    -------
    ndarray, same shape and dtype
        Black and white: 0 and 255 of bytes, 0 and 1 of floats.
    """
    white = 255 if images.dtype == np.uint8 else 1
    found = np.empty_like(images)
    pixels = int(np.prod(images.shape[1:]))
    step = max(1, PIECE // max(1, pixels))
    for start in range(0, len(images), step):
        rows = slice(start, start + step)
        few = images[rows]
        draws = _uniform(content_keys(few, seed), pixels).reshape(few.shape)
        found[rows] = np.where(draws * np.float32(white) < few, white, 0)
    return found


def _uniform(keys: NDArray[np.uint64], count: int) -> NDArray[np.float32]:
    """Return `count` random numbers in [0, 1) for each key, with shape (N, count).

    References
    ----------
    Fast Splittable Pseudorandom Number Generators, Steele, Lea & Flood, 2014, as in SplitMix64.
    """
    x = keys[:, None] + GOLDEN * np.arange(1, count + 1, dtype=np.uint64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return (x >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)


def read_binarized(config: DataConfig) -> Generator[Progress, None, Splits]:
    """Read the images of a data config as training uses them; see `read_splits` and `binarized`."""
    return binarized((yield from read_splits(config)), config)


def binarized(splits: Splits, config: DataConfig) -> Splits:
    """Return the splits with binarized images, if the config of the data says so.

    Raises
    ------
    DataError
        If the images are not grey.
    """
    if config.binarize == "none":
        return splits
    if splits.spec.shape[0] != 1:
        raise DataError(
            f"data.binarize: only grey images can be binarized, and these are {splits.spec}.",
            "Set data.binarize to none, or choose grey images.",
        )

    def view(images: ImageSet) -> ImageSet:
        pixels = Binarized(
            images.images, config.binarize_seed, is_dynamic=config.binarize == "dynamic"
        )
        # Callers only index the first axis, which Binarized supports.
        return replace(images, images=cast("NDArray[np.uint8]", pixels))

    test = None if splits.test is None else view(splits.test)
    return replace(splits, train=view(splits.train), validation=view(splits.validation), test=test)


def grey(splits: Splits) -> Splits:
    """Return the splits with the images as they were before `binarized`."""
    test = None if splits.test is None else grey_images(splits.test)
    train, validation = grey_images(splits.train), grey_images(splits.validation)
    return replace(splits, train=train, validation=validation, test=test)


def grey_images(images: ImageSet) -> ImageSet:
    """Return images as they were before they were binarized."""
    pixels = images.images
    return replace(images, images=pixels.grey) if isinstance(pixels, Binarized) else images


def binarize_like(images: ImageSet, recipe: Mapping[str, Any]) -> ImageSet:
    """Return other images for a model, with the static draw of the data that it has learned from.

    Parameters
    ----------
    images : ImageSet
        Grey or binarized images; the latter do not change.
    recipe : mapping
        Plain values of the model's recipe.
    """
    data = recipe.get("data")
    if not isinstance(data, dict) or data.get("binarize", "none") == "none":
        return images
    pixels = Binarized(images.images, int(data.get("binarize_seed", 0)))
    return replace(images, images=cast("NDArray[np.uint8]", pixels))
