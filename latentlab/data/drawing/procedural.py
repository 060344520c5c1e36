"""Common code of the generated image sets: config, random numbers, multithreaded drawing."""

from __future__ import annotations

import os
from abc import ABC
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ClassVar, Self, override

import numpy as np
import psutil
from pydantic import Field

from latentlab.data.data_set import DataConfig
from latentlab.errors import DataError
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from numpy.typing import NDArray

PIECE = 1 << 19  # pixels per task of a thread, so that the data fits into its cache
THREADS = 8  # maximum; each allocates about 30 MB while it draws
BLOCK = 1024  # rows of random numbers per block


class GeneratedConfig(DataConfig, ABC):
    """Base class of image sets drawn from random factors at load."""

    fixed: ClassVar[bool] = True
    count: int = Field(
        20_000,
        ge=2,
        le=10_000_000,
        title="Images",
        description="Number of images, including the held-out ones.",
        json_schema_extra={"unit": "images"},
    )
    size: int = Field(
        64,
        ge=32,
        le=256,
        title="Image size",
        description="Width and height. Memory and time grow with its square.",
        json_schema_extra={"unit": "pixels"},
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Data seed",
        description="Start of the random numbers that draw the images.",
    )
    held_out: float = Field(
        0.1,
        gt=0,
        lt=1,
        title="Held out",
        description="Share of the images that is held out for validation: the last ones.",
    )

    @override
    def others(self, count: int) -> Self:
        """See `DataConfig.others`; uses the next seed."""
        return self.model_copy(update={"count": count, "seed": (self.seed + 1) % 2**31})


def endless_noise(first: int, count: int, columns: int, seed: int) -> NDArray[np.float64]:
    """Return rows `first` to `first + count` of a seed's endless table of random numbers.

    Each block of rows has its own counter, so that a row does not depend on the requested range.

    Returns
    -------
    ndarray of float64, shape (count, columns)
        Uniform in [0, 1).
    """
    start, stop = first // BLOCK, -(-(first + count) // BLOCK)
    blocks = [
        np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, block])).random(
            (BLOCK, columns)
        )
        for block in range(start, stop)
    ]
    table = np.concatenate([*blocks, np.empty((0, columns))])
    return table[first - start * BLOCK :][:count]


def draw_all(
    draw: Callable[[slice], NDArray[np.uint8]], shape: tuple[int, int, int, int], what: str
) -> Generator[Progress, None, NDArray[np.uint8]]:
    """Draw images in several threads, yielding progress.

    Parameters
    ----------
    draw : callable
        Returns the images of a slice of rows, with shape (n, C, H, W); must be thread-safe.
    shape : tuple of int
        Shape (N, C, H, W) of all images.
    what : str
        Name of the images in messages, such as ``"faces"``.
    """
    images = np.empty(shape, np.uint8)
    count, step = shape[0], max(1, PIECE // (shape[2] * shape[3]))
    pieces = [slice(first, min(first + step, count)) for first in range(0, count, step)]

    def fill(rows: slice) -> int:
        images[rows] = draw(rows)
        return rows.stop

    pool = ThreadPoolExecutor(min(os.cpu_count() or 1, THREADS))
    try:
        for done in pool.map(fill, pieces):
            yield Progress(f"Drawing {count:,} {what}", done / count)
    finally:
        pool.shutdown(cancel_futures=True)
    return images


def check_memory(shape: tuple[int, ...], what: str) -> None:
    """Raise an error if a data set does not fit into memory, before it is drawn.

    Raises
    ------
    DataError
        With the required and the available memory.
    """
    needed, free = float(np.prod(shape, dtype=float)), psutil.virtual_memory().available
    if needed > 0.9 * free:
        raise DataError(
            f"data.count: {shape[0]:,} {what} of this size need {needed / 1e9:.1f} GB, "
            f"but only {free / 1e9:.1f} GB of memory are free.",
            "Choose fewer images or a smaller size.",
        )
