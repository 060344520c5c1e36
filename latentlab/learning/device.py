"""Where to compute."""

import psutil
import torch

from latentlab.errors import TrainingError


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
