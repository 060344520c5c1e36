"""Batches of images for the device, from memory or, where they are too many, from disk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, override

import numpy as np
import torch
from torch import Tensor

from latentlab.data.holdout import RowView

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latentlab.data.image_set import ImageSet

    Pair = tuple[Tensor, Tensor | None]

AHEAD = 8
"""Batches that are gathered before they are asked for."""
READERS = 2
"""Threads that gather them: while one waits for the disk, another copies."""


class Loader(ABC):
    """An image set, from which batches are gathered for the device.

    Parameters
    ----------
    images : ImageSet
        What to feed.
    device : torch.device
        For whom.
    """

    resident: ClassVar[bool]
    """Whether all of it is on the device."""

    def __init__(self, images: ImageSet, device: torch.device) -> None:
        self.spec = images.spec
        self._device = device
        self._count = len(images)

    def __len__(self) -> int:
        return self._count

    @abstractmethod
    def batch(self, rows: Tensor) -> Pair:
        """Return pixels in [0, 1], with shape (B, C, H, W), and labels, with shape (B,).

        Parameters
        ----------
        rows : Tensor
            Which images, with shape (B,).
        """

    @abstractmethod
    def batches(self, batches: Sequence[Tensor]) -> Iterator[Pair]:
        """Yield each batch in turn; close the iterator to stop reading ahead."""


class ResidentFeed(Loader):
    """Keeps all bytes on the device; on the CPU it shares them where it can."""

    resident: ClassVar[bool] = True

    def __init__(self, images: ImageSet, device: torch.device) -> None:
        super().__init__(images, device)
        self._images = _tensor(images.images[:]).to(device).contiguous()
        self._labels = None if images.labels is None else _tensor(images.labels).to(device)

    @override
    def batch(self, rows: Tensor) -> Pair:
        rows = rows.to(self._device)
        # Indexing by [rows] copies byte by byte on the CPU, in fifteen times the time.
        x = _pixels(self._images.index_select(0, rows))
        return x, None if self._labels is None else self._labels.index_select(0, rows)

    @override
    def batches(self, batches: Sequence[Tensor]) -> Iterator[Pair]:
        return map(self.batch, batches)


class StreamedFeed(Loader):
    """Leaves images where they are, often on disk, and gathers the next batches meanwhile."""

    resident: ClassVar[bool] = False

    def __init__(self, images: ImageSet, device: torch.device) -> None:
        super().__init__(images, device)
        self._images, self._labels = images.images, images.labels

    @override
    def batch(self, rows: Tensor) -> Pair:
        return self._send(self._gather(rows))

    @override
    def batches(self, batches: Sequence[Tensor]) -> Iterator[Pair]:
        """See `Loader.batches`; raises here what went wrong in a thread that reads."""
        pool = ThreadPoolExecutor(READERS, thread_name_prefix="feed")
        try:
            tasks = (pool.submit(self._gather, rows) for rows in batches)
            waiting = deque(islice(tasks, AHEAD))
            while waiting:
                gathered = waiting.popleft().result()
                waiting.extend(islice(tasks, 1))
                yield self._send(gathered)
        finally:
            pool.shutdown(cancel_futures=True)

    def _gather(self, rows: Tensor) -> Pair:
        """Copy a batch into memory, as bytes; in any thread."""
        chosen = rows.numpy(force=True)
        # Not numpy.take, which copies all of a view such as that of images with channels last.
        x = _tensor(np.ascontiguousarray(self._images[chosen]))
        y = None if self._labels is None else _tensor(self._labels[chosen])
        if self._device.type == "cuda":
            # The GPU fetches by itself what lies in memory that cannot move.
            return x.pin_memory(), None if y is None else y.pin_memory()
        return x, y

    def _send(self, gathered: Pair) -> Pair:
        x, y = gathered
        labels = None if y is None else y.to(self._device, non_blocking=True)
        return _pixels(x.to(self._device, non_blocking=True)), labels


def make_feed(images: ImageSet, device: torch.device, resident_mb: int) -> Loader:
    """Return a feed that keeps at most `resident_mb` MB of images on the device."""
    elsewhere = device.type != "cpu" or isinstance(images.images, np.memmap | RowView)
    if elsewhere and images.images.nbytes > resident_mb * 1_000_000:
        return StreamedFeed(images, device)
    return ResidentFeed(images, device)


def _pixels(values: Tensor) -> Tensor:
    return values.to(torch.float32).div_(255)


def _tensor(array: np.ndarray) -> Tensor:
    """Share an array's memory where torch can (it refuses read-only arrays)."""
    return torch.from_numpy(array if array.flags.writeable else array.copy())
