"""Program that converts a file of ``torch.save`` to safetensors; run in a process of its own.

It imports nothing of latentlab, so that it starts fast, and its limits cover all that it does.
``torch_child.py IN OUT MEMORY SECONDS`` writes OUT, or a JSON list with a kind of problem and its
text beside it.
"""

from __future__ import annotations

import json
import os
import re
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

ORDER = "order"
"""Key of the metadata with the JSON list of names in the order of their layers."""
OBJECTS, NO_WEIGHTS, DAMAGED, PACKED, MEMORY = (
    "objects",
    "no weights",
    "damaged",
    "packed",
    "memory",
)
"""Kinds of problems."""
MAX_DEPTH = 3
"""Depth of nested dicts in which tensors are searched."""
STATE_KEYS = ("model_state_dict", "state_dict", "model", "net", "vae", "weights", "params")
"""Keys under which checkpoints hold their weights, the most common first."""


class Problem(Exception):
    """Why a file cannot be converted: a kind and a text."""


def main(source: str, out: str, memory: int, seconds: int) -> None:
    """Convert a file, or write the problem to `out` with the suffix ``.json``."""
    _limit(memory, seconds)
    try:
        convert(Path(source), Path(out))
    except Problem as problem:
        found = problem.args
    except MemoryError:
        found = (MEMORY, "")
    except Exception as error:  # any error of a damaged file
        found = (DAMAGED, str(error))
    else:
        return
    Path(out).with_suffix(".json").write_text(json.dumps(found))


def _limit(memory: int, seconds: int) -> None:
    """Limit memory and time of this process, where the system can."""
    import torch  # noqa: F401  # maps more memory than it uses

    try:
        import resource
    except ImportError:  # Windows
        return
    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        used = pages * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def convert(source: Path, out: Path) -> None:
    """Write the tensors of a file as safetensors; raise a `Problem` if that is impossible."""
    import torch
    from safetensors.torch import save_file

    if zipfile.is_zipfile(source):
        # An archive may unpack to much more than its size.
        with zipfile.ZipFile(source) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > 2 * source.stat().st_size + (1 << 20):
            raise Problem(PACKED, f"{size:,} bytes")
    try:
        content = torch.load(source, map_location="cpu", weights_only=True)
    except Exception as error:
        if "allocate memory" in str(error):
            raise MemoryError from None
        # torch gives all reasons the same type of error.
        names = re.findall(r"GLOBAL ([\w.]+)", str(error))
        if names or re.search(r"nsupported (global|class)", str(error)) or _is_pickle(source):
            raise Problem(OBJECTS, names[0] if names else "") from None
        raise Problem(DAMAGED, str(error)) from None
    tensors = {
        name: tensor.detach().to(torch.float32).contiguous().clone()
        for name, tensor in find_state_dict(content).items()
        if tensor.is_floating_point() and tensor.layout == torch.strided
    }
    if not tensors:
        raise Problem(NO_WEIGHTS, "")
    save_file(tensors, out, {ORDER: json.dumps(list(tensors))})


def _is_pickle(source: Path) -> bool:
    """Return whether a file begins as a pickle of a protocol that torch does not write."""
    with source.open("rb") as file:
        head = file.read(2)
    return head[:1] == b"\x80" and head[1:] > b"\x02"


def find_state_dict(content: Any, depth: int = 0) -> dict[str, Any]:
    """Return the tensors of a state dict, which may be nested in other dicts; empty if none."""
    import torch

    if not isinstance(content, dict) or depth > MAX_DEPTH:
        return {}
    own = {str(name): value for name, value in content.items() if isinstance(value, torch.Tensor)}
    if len(own) >= 2:
        return own
    keys = [key for key in STATE_KEYS if key in content]
    others = [key for key in content if key not in keys and "optim" not in str(key)]
    for key in [*keys, *others]:
        if found := find_state_dict(content[key], depth + 1):
            return found
    return {}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
