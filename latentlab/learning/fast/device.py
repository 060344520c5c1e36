"""Compute devices and numbers of threads."""

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

FP32_TOLERANCE = 1e-5
"""Largest error of an fp32 product relative to its largest value; bf16 has 100 times that."""

_runs_on_cpu: set[object] = set()


@contextmanager
def training_on(device: torch.device) -> Iterator[None]:
    """Register a run, so that other threads leave the cores to it if it trains on the CPU."""
    run = object()
    if device.type == "cpu":
        _runs_on_cpu.add(run)
    try:
        yield
    finally:
        _runs_on_cpu.discard(run)


class Share:
    """Number of threads that the owning thread computes with; all at first."""

    def __init__(self) -> None:
        self._is_whole = True

    def take(self) -> None:
        """Use one thread while a run trains on the CPU, else all threads.

        The run keeps all threads: another number would change the rounding of its products. Two
        thread pools on the same cores wait for each other at every product, many times as long as
        the product takes.
        """
        if self._is_whole == bool(_runs_on_cpu):
            self._is_whole = not _runs_on_cpu
            use_threads(None if self._is_whole else 1)


def use_threads(count: int | None) -> None:
    """Set the number of threads of the calling thread, None for all; other threads keep theirs.

    torch also sets the default for new threads; the previous default is restored.
    """
    torch.get_num_threads()  # a thread takes the default at its first query
    with ThreadPoolExecutor(1) as other:
        everywhere = other.submit(torch.get_num_threads).result()
        torch.set_num_threads(count or everywhere)
        other.submit(torch.set_num_threads, everywhere).result()


def spare_core(model: nn.Module) -> None:
    """Leave one core free for the rest of this process's life, if that costs little.

    The products of fully connected layers are small: the last core speeds them up by a quarter at
    most. If the window uses that core, every thread waits for it at each product, and fewer threads
    are faster. Convolutions need all cores.
    """
    threads = torch.get_num_threads()
    if threads > 1 and all(weights.ndim <= 2 for weights in model.parameters()):
        torch.set_num_threads(threads - 1)


def missing_devices() -> dict[str, str]:
    """Return the devices that this machine does not have, each with the reason."""
    missing = {}
    if not torch.cuda.is_available():
        missing["cuda"] = "This machine has no NVIDIA GPU, or torch was installed without CUDA."
    if not torch.backends.mps.is_available():
        missing["mps"] = "This machine has no Apple GPU."
    return missing


def pick_device(name: str = "auto") -> torch.device:
    """Return the device called `name`; ``"auto"`` selects the fastest.

    Raises
    ------
    TrainingError
        If this machine has no such device.
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


def use_bf16(precision: str, device: torch.device) -> bool:
    """Return whether to compute in bf16; ``"auto"`` does if the device has it in hardware."""
    return has_bf16(device) if precision == "auto" else precision == "bf16"


def has_bf16(device: torch.device) -> bool:
    """Return whether a device has bf16 in hardware; others emulate it, far slower than fp32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()


@cache
def prefer_onednn() -> bool:
    """Make oneDNN multiply fp32 matrices on the CPU, and return whether it does.

    The MKL in torch does not use AVX-512 on AMD; oneDNN's products take half its time there. The
    setting also allows AMX to round to bf16, so a product is checked, and the setting is restored
    if the product is less exact than fp32.
    """
    setting = getattr(torch.backends.mkldnn, "matmul", None)
    if setting is None or not hasattr(setting, "fp32_precision"):
        return False
    before = setting.fp32_precision
    a = torch.linspace(-1, 1, 128 * 256).view(128, 256)
    exact = a.double() @ a.double().T
    setting.fp32_precision = "bf16"
    error = ((a @ a.T).double() - exact).abs().max() / exact.abs().max()
    if error < FP32_TOLERANCE:
        return True
    setting.fp32_precision = before
    return False


def memory_in_use(device: torch.device) -> int:
    """Return the bytes in use: of the device if it is a GPU, else of this process."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    return psutil.Process().memory_info().rss


def device_name(device: torch.device) -> str:
    """Return the display name of the device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()
