"""Files of ``torch.save``, read by ``weights_only=True`` in a process with limits.

The process writes the tensors as safetensors, so that nothing else of the file reaches this one.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from latentlab.errors import RunError, reading, shown
from latentlab.explorer.import_.state_dict import torch_child
from latentlab.explorer.import_.state_dict.tensors import read_tensors
from latentlab.runs.child_process import run_limited

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.explorer.import_.state_dict.tensors import Tensors

MAX_FILE_BYTES = 4 << 30
EXTRA_BYTES = 2 << 30
"""Memory of the process above a few copies of the file."""
MAX_SECONDS = 120
SAVE_ADVICE = (
    "In Python, where the model can be loaded, write a file that can be opened:\n"
    "    from safetensors.torch import save_file\n"
    "    state = {k: v.contiguous().clone() for k, v in model.state_dict().items()}\n"
    '    save_file(state, "model.safetensors")'
)
"""Advice with the lines that write safetensors."""
PROBLEMS = {
    torch_child.OBJECTS: "is a pickle of Python objects ({}), not only of weights. Reading it "
    "could run code, so nothing of it was read.",
    torch_child.NO_WEIGHTS: "has no weights: no dict of tensors was found in it.",
    torch_child.PACKED: "is packed: it unpacks to {}.",
    torch_child.MEMORY: "needs more memory than a file of its size should.",
    torch_child.DAMAGED: "is damaged, or no file of torch.save.",
}
"""What is wrong, by the kind of problem."""


def read_torch_file(path: Path) -> Generator[None, None, Tensors]:
    """Read the weights of a file of ``torch.save``; yields while the process works.

    Raises
    ------
    RunError
        If it is no such file, holds more than weights, or exceeds the limits.
    """
    with reading(path):
        size = path.stat().st_size
    if not size:
        raise RunError(f"{path.name} is empty.", "Copy it again, or save the model again.")
    if size > MAX_FILE_BYTES:
        raise RunError(f"{path.name} is larger than {MAX_FILE_BYTES >> 30} GB.", SAVE_ADVICE)
    with tempfile.TemporaryDirectory(prefix="latentlab-") as folder:
        out = Path(folder) / "weights.safetensors"
        memory = EXTRA_BYTES + 4 * size
        yield from run_limited(torch_child, str(path), str(out), memory, MAX_SECONDS)
        _check(path, out)
        return read_tensors(out)


def _check(path: Path, out: Path) -> None:
    """Raise the problem that the process has reported, or that it reported nothing."""
    told = out.with_suffix(".json")
    if told.exists():
        kind, text = map(str, json.loads(told.read_text()))
        # A pickle names its first object; other texts are those of torch, and long.
        reason = PROBLEMS[kind].format(shown(text, 80) or "unknown")
        raise RunError(f"{path.name} {reason}", SAVE_ADVICE)
    if not out.exists():
        raise RunError(
            f"{path.name} cannot be read within the limits of memory and time.", SAVE_ADVICE
        )
