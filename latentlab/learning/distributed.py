"""Several processes that train one model together, each on its share of every batch.

``torchrun --nproc-per-node N -m latentlab train RECIPE`` starts them.
"""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed
from torch.autograd import Function

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Team:
    """The processes of a run; a single one by default."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes and tells."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """Return which of `count` rows are this process's."""
        return slice(self.rank * count // self.size, (self.rank + 1) * count // self.size)

    def add_up(self, values: Tensor) -> None:
        """Replace values by their sums over all processes; all of them must come here."""
        if self.size > 1:
            distributed.all_reduce(values)


class _Sum(Function):
    """The sum over all processes, through which gradients pass; torch's own is private."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        """Add up the values."""
        total = values.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        """Every process's loss depends on every process's values."""
        total = slope.clone()
        distributed.all_reduce(total)
        return total


def batch_mean(values: Tensor) -> Tensor:
    """Return the mean over a batch's images, with the shape of one: over all processes' shares.

    Gradients pass. Every process must come here, each with its share, shape (B, ...).
    """
    total = torch.cat([values.sum(0).reshape(-1), values.new_tensor([float(len(values))])])
    if distributed.is_available() and distributed.is_initialized():
        total = _Sum.apply(total)
    return (total[:-1] / total[-1]).reshape(values.shape[1:])


def leads() -> bool:
    """Say whether this process is the one that writes and tells, before there is a `Team`."""
    return os.environ.get("RANK", "0") == "0"


def local_device(device: torch.device) -> torch.device:
    """Return this process's own GPU where each has one."""
    if device.type != "cuda" or "LOCAL_RANK" not in os.environ:
        return device
    return torch.device("cuda", int(os.environ["LOCAL_RANK"]))


def team(device: torch.device) -> Team:
    """Join the processes that torchrun has started, where it has.

    They stay together for all the runs that are to come: who has left cannot join again.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        return Team()
    if not distributed.is_initialized():
        if device.type == "cuda":
            torch.cuda.set_device(device)
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        atexit.register(distributed.destroy_process_group)
    return Team(distributed.get_rank(), distributed.get_world_size())
