"""Files of ``torch.save``, read by ``weights_only=True`` in a process with limits.

The process writes the tensors as safetensors, so that nothing else of the file reaches this one.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file

from latentlab.errors import LatentlabError, RunError, reading, reason_of, shown
from latentlab.explorer.import_.state_dict.tensors import ORDER, read_tensors
from latentlab.runs.training_process import START_METHOD, start_fork_server

if TYPE_CHECKING:
    from collections.abc import Generator
    from multiprocessing.connection import Connection

    from latentlab.explorer.import_.state_dict.tensors import Tensors

MAX_FILE_BYTES = 4 << 30
EXTRA_BYTES = 2 << 30
"""Memory of the process above a few copies of the file."""
MAX_SECONDS = 120
POLL_S = 0.02
MAX_DEPTH = 3
"""Depth of nested dicts in which tensors are searched."""
STATE_KEYS = (
    "model_state_dict",
    "state_dict",
    "model",
    "net",
    "vae",
    "weights",
    "params",
    "module",
)
"""Keys under which checkpoints hold their weights, the most common first."""
SAVE_ADVICE = (
    "In Python, where the model can be loaded, write a file that can be opened:\n"
    "    from safetensors.torch import save_file\n"
    "    state = {k: v.contiguous().clone() for k, v in model.state_dict().items()}\n"
    '    save_file(state, "model.safetensors")'
)
"""Advice with the lines that write safetensors."""


def read_torch_file(path: Path) -> Generator[None, None, Tensors]:
    """Read the weights of a file of ``torch.save``; yields while the process works.

    Raises
    ------
    RunError
        If it is no such file, holds more than weights, or exceeds the limits.
    """
    with reading(path):
        size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise RunError(f"{path.name} is larger than {MAX_FILE_BYTES >> 30} GB.")
    with tempfile.TemporaryDirectory(prefix="latentlab-") as folder:
        out = Path(folder) / "weights.safetensors"
        problem = yield from _in_process(path, out, EXTRA_BYTES + 4 * size)
        if problem:
            raise RunError(*problem)
        return read_tensors(out)


def _in_process(
    path: Path, out: Path, memory: int
) -> Generator[None, None, tuple[str, str] | None]:
    """Convert in a process; return a message and advice, None for success."""
    start_fork_server()
    context = multiprocessing.get_context(START_METHOD)
    pipe, child_pipe = context.Pipe(duplex=False)
    process = context.Process(  # type: ignore[attr-defined]
        target=_serve, args=(child_pipe, str(path), str(out), memory), daemon=True
    )
    process.start()
    child_pipe.close()
    waited = 0.0
    try:
        while not pipe.poll(POLL_S):
            waited += POLL_S
            if waited > MAX_SECONDS:
                return f"{path.name} takes longer than {MAX_SECONDS} s to read.", SAVE_ADVICE
            yield
        # The process may have been killed by its limits.
        found: tuple[str, str] | None = pipe.recv()
        return found
    except (EOFError, OSError):
        return f"{path.name} cannot be read within the limits of memory and time.", SAVE_ADVICE
    finally:
        process.kill()
        process.join()
        pipe.close()


# Child process


def _serve(pipe: Connection, path: str, out: str, memory: int) -> None:
    """Convert a file and send the problem; entry point of the process."""
    _limit(memory)
    problem: tuple[str, str] | None = None
    try:
        _convert(Path(path), Path(out))
    except LatentlabError as error:
        problem = error.message, error.advice
    except MemoryError:
        problem = f"{Path(path).name} needs more memory than such a file should.", SAVE_ADVICE
    except Exception as error:  # any error of a damaged file
        problem = (
            f"{Path(path).name} is damaged or no file of torch.save: {reason_of(error)}.",
            "Save it again, or restore it from a copy.",
        )
    with suppress(OSError):
        pipe.send(problem)


def _limit(memory: int) -> None:
    """Limit memory and time of this process, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        used = pages * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))


def _convert(path: Path, out: Path) -> None:
    _check_zip(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # torch gives all reasons the same type of error.
        if re.search(r"nsupported (global|class)|not an allowed global", str(error)):
            raise RunError(
                f"{path.name} is a pickle of Python objects, not only of weights. Reading it could "
                "run code, so nothing of it was read.",
                SAVE_ADVICE,
            ) from None
        raise RunError(f"{path.name} is damaged or no file of torch.save.", SAVE_ADVICE) from error
    tensors = find_state_dict(content)
    if not tensors:
        raise RunError(f"{path.name} has no weights: no dict of tensors was found.", SAVE_ADVICE)
    floats = {
        name: tensor.detach().to(torch.float32).contiguous().clone()
        for name, tensor in tensors.items()
        if tensor.is_floating_point() and tensor.layout == torch.strided
    }
    save_file(floats, out, {ORDER: json.dumps(list(floats))})


def _check_zip(path: Path) -> None:
    """Refuse an archive that unpacks to much more than its size."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > 2 * path.stat().st_size + (1 << 20):
            raise RunError(f"{path.name} is packed: it unpacks to {size:,} bytes.", SAVE_ADVICE)


def find_state_dict(content: Any, depth: int = 0) -> dict[str, torch.Tensor]:
    """Return the tensors of a state dict, which may be nested in other dicts; empty if none."""
    if not isinstance(content, dict) or depth > MAX_DEPTH:
        return {}
    own = {shown(name): value for name, value in content.items() if isinstance(value, torch.Tensor)}
    if len(own) >= 2:
        return own
    keys = [key for key in STATE_KEYS if key in content]
    others = [key for key in content if key not in keys and "optim" not in str(key)]
    for key in [*keys, *others]:
        if found := find_state_dict(content[key], depth + 1):
            return found
    return {}
