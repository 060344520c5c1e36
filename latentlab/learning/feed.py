"""Batches of images on their way to the device: from its memory, or from a disk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latentlab.data.base import ImageSet

AHEAD = 8
"""Batches that are gathered before they are asked for."""
READERS = 2
MB = 1_000_000

Pixels = tuple[Tensor, Tensor | None]
"""Pixels in [0, 1], with shape (B, C, H, W), and labels, with shape (B,), on the device."""


class Feed(ABC):
    """An image set as a source of batches.

    Parameters
    ----------
    images : ImageSet
        What to hold.
    device : torch.device
        Where batches are wanted.
    """

    resident: bool
    """Whether all images are in the device's memory."""

    def __init__(self, images: ImageSet, device: torch.device) -> None:
        self.spec = images.spec
        self._device = device
        self._labels = None if images.labels is None else _tensor(images.labels).to(device)

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of images."""

    @abstractmethod
    def batch(self, rows: Tensor) -> Pixels:
        """Return some of the images."""

    def batches(self, parts: Sequence[Tensor]) -> Iterator[Pixels]:
        """Yield one batch after another, given the rows of each."""
        for rows in parts:
            yield self.batch(rows)

    def _pixels(self, values: Tensor, rows: Tensor) -> Pixels:
        # Plain indexing of such a tensor takes fifteen times as long as index_select.
        y = None if self._labels is None else self._labels.index_select(0, rows)
        return values.to(torch.float32).div_(255), y


class ResidentFeed(Feed):
    """One tensor of bytes on the device, from which batches are gathered."""

    resident = True

    def __init__(self, images: ImageSet, device: torch.device) -> None:
        super().__init__(images, device)
        self._images = _tensor(images.images).to(device)

    def __len__(self) -> int:
        """See `Feed`."""
        return len(self._images)

    def batch(self, rows: Tensor) -> Pixels:
        """See `Feed.batch`."""
        rows = rows.to(self._device)
        return self._pixels(self._images.index_select(0, rows), rows)


class StreamedFeed(Feed):
    """Bytes that stay where they are, as in a file; threads gather the batches that come next."""

    resident = False

    def __init__(self, images: ImageSet, device: torch.device) -> None:
        super().__init__(images, device)
        self._images = images.images

    def __len__(self) -> int:
        """See `Feed`."""
        return len(self._images)

    def batch(self, rows: Tensor) -> Pixels:
        """See `Feed.batch`."""
        return self._move(self._gather(rows), rows)

    def batches(self, parts: Sequence[Tensor]) -> Iterator[Pixels]:
        """See `Feed.batches`; gathers ahead until it is closed."""
        pool = ThreadPoolExecutor(READERS, thread_name_prefix="feed")
        waiting: deque[tuple[Tensor, Future[Tensor]]] = deque()
        try:
            for rows in parts:
                waiting.append((rows, pool.submit(self._gather, rows)))
                if len(waiting) > AHEAD:
                    yield self._next(waiting)
            while waiting:
                yield self._next(waiting)
        finally:
            pool.shutdown(cancel_futures=True)

    def _next(self, waiting: deque[tuple[Tensor, Future[Tensor]]]) -> Pixels:
        rows, gathered = waiting.popleft()
        return self._move(gathered.result(), rows)

    def _gather(self, rows: Tensor) -> Tensor:
        values = torch.from_numpy(np.take(self._images, rows.cpu().numpy(), axis=0))
        return values.pin_memory() if self._device.type == "cuda" else values

    def _move(self, values: Tensor, rows: Tensor) -> Pixels:
        return self._pixels(values.to(self._device, non_blocking=True), rows.to(self._device))


def make_feed(images: ImageSet, device: torch.device, resident_mb: int) -> Feed:
    """Return a feed that holds the images on the device where they take no more than a limit."""
    small = images.images.nbytes <= resident_mb * MB
    return (ResidentFeed if small else StreamedFeed)(images, device)


def _tensor(array: np.ndarray) -> Tensor:
    """Share an array's memory where torch can (it refuses read-only arrays)."""
    return torch.from_numpy(array if array.flags.writeable else array.copy())
