"""Several processes that train one model together, each on a slice of every batch.

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


JOIN_TIMEOUT = timedelta(minutes=2)
"""Time limit for the processes to join."""


@dataclass(frozen=True, slots=True)
class ProcessGroup:
    """Rank of this process and number of processes; a single process by default."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is rank 0, which writes files and prints."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """Return this process's slice of `count` rows."""
        return slice(self.rank * count // self.size, (self.rank + 1) * count // self.size)

    def add_up(self, values: Tensor) -> None:
        """Replace values by their sums over all processes; every process must call it."""
        if self.size > 1:
            distributed.all_reduce(values)


class _AllReduceSum(Function):
    """Differentiable sum over all processes; torch's own is private."""

    @staticmethod
    @override
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    @override
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        """Sum the gradients: the loss of every process depends on the values of all."""
        total = grad.clone()
        distributed.all_reduce(total)
        return total


def batch_mean(values: Tensor) -> Tensor:
    """Return the mean over the images of a batch in all processes; gradients pass.

    Every process must call it with its slice, with shape (B, ...); the result has shape (...).
    """
    total = torch.cat([values.sum(0).reshape(-1), values.new_tensor([float(len(values))])])
    if distributed.is_available() and distributed.is_initialized():
        total = _AllReduceSum.apply(total)
    return (total[:-1] / total[-1]).reshape(values.shape[1:])


def batch_rows(values: Tensor, first: int, whole: int) -> Tensor:
    """Return the rows of a batch in all processes; gradients pass.

    Parameters
    ----------
    values : Tensor
        This process's slice, with shape (B, ...); every process must call it with its own.
    first, whole : int
        Row at which the slice starts, and rows of the batch; 0 for a batch that is not shared.

    Returns
    -------
    Tensor
        With shape (whole, ...).
    """
    if not whole:
        return values
    before = values.new_zeros(first, *values.shape[1:])
    after = values.new_zeros(whole - first - len(values), *values.shape[1:])
    rows: Tensor = _AllReduceSum.apply(torch.cat([before, values, after]))
    return rows


def torchrun_group() -> ProcessGroup:
    """Return this process's rank and the number of processes, from the variables of torchrun.

    Return a single process if some are missing: others may be left over from another program.
    """
    found = [os.environ.get(name, "") for name in ("RANK", "WORLD_SIZE", "MASTER_PORT")]
    if not (os.environ.get("MASTER_ADDR") and all(text.isdecimal() for text in found)):
        return ProcessGroup()
    rank, size, _ = map(int, found)
    return ProcessGroup(rank, size) if 0 <= rank < size else ProcessGroup()


def is_main() -> bool:
    """Return whether this process is rank 0, before the processes join."""
    return torchrun_group().leads


def local_device(device: torch.device) -> torch.device:
    """Return the GPU of this process, if several processes use GPUs."""
    local = os.environ.get("LOCAL_RANK", "")
    if device.type != "cuda" or torchrun_group().size < 2 or not local.isdecimal():
        return device
    return torch.device("cuda", int(local))


def join_processes(device: torch.device) -> ProcessGroup:
    """Join the processes that torchrun has started, if any.

    They stay joined for all later runs: a process that leaves cannot join again.

    Raises
    ------
    TrainingError
        If the others do not join within `JOIN`.
    """
    wanted = torchrun_group()
    if wanted.size < 2:
        return ProcessGroup()
    if not distributed.is_initialized():
        if device.type == "cuda":
            torch.cuda.set_device(device)
        _join(wanted, "nccl" if device.type == "cuda" else "gloo")
        atexit.register(distributed.destroy_process_group)
    return ProcessGroup(distributed.get_rank(), distributed.get_world_size())


def _join(wanted: ProcessGroup, backend: str) -> None:
    # Imported here, because some builds of torch do not have it.
    from torch.distributed.rendezvous import rendezvous

    try:
        store, rank, size = next(rendezvous("env://", timeout=JOIN_TIMEOUT))
        distributed.init_process_group(backend, store=store, rank=rank, world_size=size)
    except (RuntimeError, ValueError) as error:
        raise TrainingError(
            "The environment says that this is process "
            f"{wanted.rank} of {wanted.size} of torchrun, but the others did not join.",
            "Start all with torchrun; or unset RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, "
            "if another program has set them.",
        ) from error
