"""Several processes that train one model together, each on its share of every batch.

``torchrun --nproc-per-node N -m latentlab train RECIPE`` starts them.
"""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, override

import torch
from torch import distributed
from torch.autograd import Function

from latentlab.errors import TrainingError

if TYPE_CHECKING:
    from torch import Tensor


JOIN = timedelta(minutes=2)
"""How long processes wait for one another at the beginning."""


@dataclass(frozen=True, slots=True)
class ProcessGroup:
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
    @override
    def forward(ctx: Any, values: Tensor) -> Tensor:
        """Add up the values."""
        total = values.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    @override
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        """Every process's loss depends on every process's values."""
        total = grad.clone()
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


def launched() -> ProcessGroup:
    """Return the place of this process among those that torchrun has started, by its variables.

    A single process where they are not all there: some may be left over from another program.
    """
    found = [os.environ.get(name, "") for name in ("RANK", "WORLD_SIZE", "MASTER_PORT")]
    if not (os.environ.get("MASTER_ADDR") and all(text.isdecimal() for text in found)):
        return ProcessGroup()
    rank, size, _ = map(int, found)
    return ProcessGroup(rank, size) if 0 <= rank < size else ProcessGroup()


def leads() -> bool:
    """Say whether this process is the one that writes and tells, before they have joined."""
    return launched().leads


def local_device(device: torch.device) -> torch.device:
    """Return this process's own GPU where each has one."""
    local = os.environ.get("LOCAL_RANK", "")
    if device.type != "cuda" or launched().size < 2 or not local.isdecimal():
        return device
    return torch.device("cuda", int(local))


def team(device: torch.device) -> ProcessGroup:
    """Join the processes that torchrun has started, where it has.

    They stay together for all the runs that are to come: who has left cannot join again.

    Raises
    ------
    TrainingError
        Where the others do not come within `JOIN`.
    """
    wanted = launched()
    if wanted.size < 2:
        return ProcessGroup()
    if not distributed.is_initialized():
        if device.type == "cuda":
            torch.cuda.set_device(device)
        _join(wanted, "nccl" if device.type == "cuda" else "gloo")
        atexit.register(distributed.destroy_process_group)
    return ProcessGroup(distributed.get_rank(), distributed.get_world_size())


def _join(wanted: ProcessGroup, backend: str) -> None:
    # Not at the head: there are builds of torch without it.
    from torch.distributed.rendezvous import rendezvous

    try:
        store, rank, size = next(rendezvous("env://", timeout=JOIN))
        distributed.init_process_group(backend, store=store, rank=rank, world_size=size)
    except (RuntimeError, ValueError) as error:
        raise TrainingError(
            "The environment says that this is process "
            f"{wanted.rank} of {wanted.size} of torchrun, and the others did not come.",
            "Start all with torchrun; or unset RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, "
            "which another program has left.",
        ) from error
