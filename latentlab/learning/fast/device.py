"""Where to compute, and with how many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import psutil
import torch

from latentlab.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

EXACT = 1e-5
"""Largest error of an fp32 product, relative to its largest value; bf16's is a hundred times it."""

_runs_on_cpu: set[object] = set()


@contextmanager
def training_on(device: torch.device) -> Iterator[None]:
    """Have other threads leave the cores to training meanwhile, where it computes on them."""
    run = object()
    if device.type == "cpu":
        _runs_on_cpu.add(run)
    try:
        yield
    finally:
        _runs_on_cpu.discard(run)


class Share:
    """How many threads the thread that has this computes with; all at first."""

    def __init__(self) -> None:
        self._is_whole = True

    def take(self) -> None:
        """Compute with one thread while a run trains on the CPU, else with all there are.

        The run keeps all of them: with another number its products would be rounded otherwise. Two
        sets of threads on the same cores wait for each other at every product, many times as long
        as the products take.
        """
        if self._is_whole == bool(_runs_on_cpu):
            self._is_whole = not _runs_on_cpu
            use_threads(None if self._is_whole else 1)


def use_threads(count: int | None) -> None:
    """Let the calling thread compute with so many threads, None for all; other threads keep theirs.

    Torch sets the number of a thread and that of threads to come at once: the second is put back.
    """
    torch.get_num_threads()  # a thread takes the number of threads to come when it first asks
    with ThreadPoolExecutor(1) as other:
        everywhere = other.submit(torch.get_num_threads).result()
        torch.set_num_threads(count or everywhere)
        other.submit(torch.set_num_threads, everywhere).result()


def spare_core(model: nn.Module) -> None:
    """Leave a core to others for as long as this process lives, where that costs little.

    Products of fully connected layers are so small that the last core adds a quarter at most. With
    it every thread waits, at each product, for the one that makes room for the window: then fewer
    are faster. Convolutions gain from all cores.
    """
    threads = torch.get_num_threads()
    if threads > 1 and all(weights.ndim <= 2 for weights in model.parameters()):
        torch.set_num_threads(threads - 1)


def pick(name: str = "auto") -> torch.device:
    """Return the device called `name`; ``"auto"`` takes the fastest there is.

    Raises
    ------
    TrainingError
        Where this machine has no such device.
    """
    available = ["cpu"]
    if torch.backends.mps.is_available():
        available.append("mps")
    if torch.cuda.is_available():
        available.append("cuda")
    if name == "auto":
        return torch.device(available[-1])
    if name not in available:
        raise TrainingError(
            f"training.device: this machine has no {name}.",
            f"Choose auto or one of: {', '.join(available)}.",
        )
    return torch.device(name)


def wants_bf16(precision: str, device: torch.device) -> bool:
    """Say whether to multiply in bf16; ``"auto"`` does where the device has it in hardware.

    A processor without it would emulate it, far slower than fp32.
    """
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()


@cache
def prefer_onednn() -> bool:
    """Have oneDNN multiply fp32 matrices on the CPU, and say whether it does.

    The MKL in torch leaves AVX-512 unused on AMD; oneDNN's products take half its time there.
    The setting that chooses it would also let AMX round to bf16: what comes out is looked at,
    and where it is less exact than fp32 the setting is taken back.
    """
    setting = getattr(torch.backends.mkldnn, "matmul", None)
    if setting is None or not hasattr(setting, "fp32_precision"):
        return False
    before = setting.fp32_precision
    a = torch.linspace(-1, 1, 128 * 256).view(128, 256)
    exact = a.double() @ a.double().T
    setting.fp32_precision = "bf16"
    error = ((a @ a.T).double() - exact).abs().max() / exact.abs().max()
    if error < EXACT:
        return True
    setting.fp32_precision = before
    return False


def out_of_memory(error: BaseException) -> bool:
    """Say whether a device had no memory left; the CPU says so only in words."""
    text = str(error)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "allocate memory" in text


def memory_in_use(device: torch.device) -> int:
    """Return the bytes in use: of the device where it is a GPU, else of this process."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    return psutil.Process().memory_info().rss


def describe(device: torch.device) -> str:
    """Return the device's name as people know it."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()
