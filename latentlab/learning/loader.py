"""Data loaders: batches on the device, from memory or, if there are too many, from disk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, override

import numpy as np
import torch
from torch import Tensor

from latentlab.data.binarize import Binarized, grey_images
from latentlab.data.row_view import RowView

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latentlab.data.image_set import ImageSet

    Pair = tuple[Tensor, Tensor | None]

PREFETCH_BATCHES = 8
"""Batches that are prefetched."""
READER_THREADS = 2
"""Threads that gather batches: one copies while another waits for the disk."""


class Loader(ABC):
    """Data loader of an image set.

    Parameters
    ----------
    images : ImageSet
        Images to load.
    device : torch.device
        Device of the batches.
    """

    resident: ClassVar[bool]
    """Whether all images are on the device."""
    binarized: bool = False
    """Whether pixels are to be black or white; they may be grey still."""

    def __init__(self, images: ImageSet, device: torch.device) -> None:
        self.spec = images.spec
        self._device = device
        self._count = len(images)

    def __len__(self) -> int:
        return self._count

    @abstractmethod
    def batch(self, rows: Tensor) -> Pair:
        """Return pixels in [0, 1], with shape (B, C, H, W), and labels `ImageSet.y`, or None.

        Parameters
        ----------
        rows : Tensor
            Rows of the images, with shape (B,).
        """

    @abstractmethod
    def batches(self, batches: Sequence[Tensor]) -> Iterator[Pair]:
        """Yield the batches in order; close the iterator to stop prefetching."""


class ResidentLoader(Loader):
    """Loader with all bytes on the device; on the CPU it shares their memory if it can."""

    resident: ClassVar[bool] = True

    def __init__(self, images: ImageSet, device: torch.device) -> None:
        super().__init__(images, device)
        self._images = _tensor(images.images[:]).to(device).contiguous()
        y = images.y
        self._labels = None if y is None else _tensor(y).to(device)

    @override
    def batch(self, rows: Tensor) -> Pair:
        rows = rows.to(self._device)
        # Indexing by [rows] copies byte by byte on the CPU and takes fifteen times as long.
        x = _pixels(self._images.index_select(0, rows))
        return x, None if self._labels is None else self._labels.index_select(0, rows)

    @override
    def batches(self, batches: Sequence[Tensor]) -> Iterator[Pair]:
        return map(self.batch, batches)


class StreamingLoader(Loader):
    """Loader that leaves images in place, often on disk, and prefetches batches in threads."""

    resident: ClassVar[bool] = False

    def __init__(self, images: ImageSet, device: torch.device) -> None:
        super().__init__(images, device)
        self._images, self._labels = images.images, images.y

    @override
    def batch(self, rows: Tensor) -> Pair:
        return self._send(self._gather(rows))

    @override
    def batches(self, batches: Sequence[Tensor]) -> Iterator[Pair]:
        """Yield the batches in order; raise the errors of the reader threads."""
        pool = ThreadPoolExecutor(READER_THREADS, thread_name_prefix="feed")
        try:
            tasks = (pool.submit(self._gather, rows) for rows in batches)
            pending = deque(islice(tasks, PREFETCH_BATCHES))
            while pending:
                gathered = pending.popleft().result()
                pending.extend(islice(tasks, 1))
                yield self._send(gathered)
        finally:
            pool.shutdown(cancel_futures=True)

    def _gather(self, rows: Tensor) -> Pair:
        """Copy a batch of bytes into memory; runs in any thread."""
        chosen = rows.numpy(force=True)
        # numpy.take would copy all of a view, such as one of channels-last images.
        x = _tensor(np.ascontiguousarray(self._images[chosen]))
        y = None if self._labels is None else _tensor(self._labels[chosen])
        if self._device.type == "cuda":
            # The GPU copies from pinned memory asynchronously.
            return x.pin_memory(), None if y is None else y.pin_memory()
        return x, y

    def _send(self, gathered: Pair) -> Pair:
        x, y = gathered
        labels = None if y is None else y.to(self._device, non_blocking=True)
        return _pixels(x.to(self._device, non_blocking=True)), labels


def make_loader(
    images: ImageSet, device: torch.device, resident_mb: int, *, training: bool = False
) -> Loader:
    """Return a loader that keeps at most `resident_mb` MB of images on the device.

    For `training` with images that are binarized dynamically, it loads them grey.
    """
    pixels = images.images
    binarized = isinstance(pixels, Binarized)
    if isinstance(pixels, Binarized) and pixels.is_dynamic and training:
        images = grey_images(images)
    elsewhere = device.type != "cpu" or isinstance(images.images, np.memmap | RowView | Binarized)
    too_large = elsewhere and images.images.nbytes > resident_mb * 1_000_000
    loader = (StreamingLoader if too_large else ResidentLoader)(images, device)
    loader.binarized = binarized
    return loader


def _pixels(values: Tensor) -> Tensor:
    """Return pixels in [0, 1]: bytes are divided by 255, floats are so already."""
    return values.to(torch.float32).div_(255) if values.dtype == torch.uint8 else values


def _tensor(array: np.ndarray) -> Tensor:
    """Return an array as a tensor that shares memory; copy read-only ones, which torch refuses."""
    return torch.from_numpy(array if array.flags.writeable else array.copy())
