"""Sums of losses that stay on the device until they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latentlab.learning.events import Losses


class LossSums:
    """Sums of losses, added up without waiting for the device."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.sums: Tensor | None = None
        self.images = 0

    def add(self, values: Mapping[str, Tensor]) -> None:
        """Add the losses per image of one batch, in place in memory."""
        sums = torch.stack([value.detach() for value in values.values()]).sum(1)
        self.add_sums(tuple(values), sums)

    def add_sums(self, names: tuple[str, ...], sums: Tensor) -> None:
        """Add the sums of the losses of one batch, with shape (T,), in place in memory."""
        if self.sums is None or self.names != names:
            self.names, self.sums, self.images = names, sums.double(), 0
        else:
            self.sums += sums

    def count(self, images: int) -> None:
        """Add to the number of images."""
        self.images += images

    def merge(self, other: LossSums) -> None:
        """Add the sums of another meter."""
        if other.sums is None:
            return
        if self.sums is None or self.names != other.names:
            self.names, self.sums, self.images = other.names, other.sums.clone(), other.images
        else:
            self.sums = self.sums + other.sums
            self.images += other.images

    def take(self) -> LossSums:
        """Return the sums so far as a new meter, and reset this one to 0."""
        taken = LossSums()
        taken.merge(self)
        if self.sums is not None:
            self.sums.zero_()
        self.images = 0
        return taken

    def means(self) -> Losses:
        """Return the means per image so far; waits for the device."""
        if self.sums is None or not self.images:
            return {}
        return dict(zip(self.names, (self.sums / self.images).tolist(), strict=True))


class LossTransfer:
    """Asynchronous copy of a meter's sums to the host.

    Parameters
    ----------
    meter : LossSums
        LossSums to read.
    """

    def __init__(self, meter: LossSums) -> None:
        self._host = LossSums()
        self._host.names, self._host.images = meter.names, meter.images
        self._arrived: torch.cuda.Event | None = None
        if meter.sums is None or not meter.sums.is_cuda:
            self._host.sums = meter.sums
            return
        target = torch.empty_like(meter.sums, device="cpu", pin_memory=True)
        self._host.sums = target.copy_(meter.sums, non_blocking=True)
        self._arrived = torch.cuda.Event()
        self._arrived.record()

    @property
    def arrived(self) -> bool:
        """Whether `means` returns without waiting."""
        return self._arrived is None or self._arrived.query()

    def means(self) -> Losses:
        """Return the means per image; wait until they have arrived."""
        if self._arrived:
            self._arrived.synchronize()
        return self._host.means()
