"""Named tensors of a file, in the order of their layers as far as it is known."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from safetensors import safe_open

from latentlab.errors import RunError, reading, shown
from latentlab.explorer.import_.state_dict.torch_child import ORDER
from latentlab.learning.tensors import FLOAT_DTYPES, MAX_ABS_WEIGHT, NOT_SAFETENSORS, check_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

MAX_TENSORS = 4096
MAX_VALUES = 1 << 28
"""Maximum number of values of all tensors: 1 GB in fp32."""
PREFIXES = ("module.", "_orig_mod.")
"""Prefixes that wrappers of PyTorch add to every name."""
COUNTER = "num_batches_tracked"
MAX_DIGITS = 300
"""Digits of a number in a name by which names are sorted; Python converts no more than 4300."""


@dataclass(frozen=True, slots=True)
class Tensors:
    """Tensors of a model.

    Parameters
    ----------
    arrays : mapping of str to ndarray of float32
        Values by name.
    is_ordered : bool
        Whether their order is that of the layers; else names are sorted.
    """

    arrays: Mapping[str, NDArray[np.float32]]
    is_ordered: bool = False


def read_tensors(file: Path) -> Tensors:
    """Read all floating-point tensors of a safetensors file.

    Raises
    ------
    RunError
        If it is damaged, too large, or has values that no weight has.
    """
    check_header(file)
    with reading(file, fault=NOT_SAFETENSORS), safe_open(file, "pt") as content:
        # Shapes are checked before memory is allocated.
        heads = {name: content.get_slice(name) for name in content.keys()}  # noqa: SIM118
        _check_size(file, {name: tuple(head.get_shape()) for name, head in heads.items()})
        floats = [name for name, head in heads.items() if head.get_dtype() in FLOAT_DTYPES]
        arrays = {name: content.get_tensor(name).float().numpy() for name in floats}
        order = _order((content.metadata() or {}).get(ORDER, ""), arrays)
    _check_values(file, arrays)
    names = order or sorted(arrays, key=natural)
    plain = without_prefixes(names)
    return Tensors({plain[name]: arrays[name] for name in names}, bool(order))


def _check_size(file: Path, shapes: Mapping[str, tuple[int, ...]]) -> None:
    if len(shapes) > MAX_TENSORS or sum(map(math.prod, shapes.values())) > MAX_VALUES:
        raise RunError(
            f"{file.name} is larger than a model that latentlab opens: {len(shapes):,} tensors "
            f"with {sum(map(math.prod, shapes.values())):,} values.",
            f"At most {MAX_TENSORS:,} tensors with {MAX_VALUES:,} values (1 GB) are read.",
        )


def _check_values(file: Path, arrays: Mapping[str, NDArray[np.float32]]) -> None:
    for name, value in arrays.items():
        if not (np.abs(value) < MAX_ABS_WEIGHT).all():  # False for NaN too
            raise RunError(
                f"{file.name} has values that no weight has, in {shown(name, 80)}.",
                "Its training has diverged, or the file is damaged: save an earlier state.",
            )


def _order(text: str, arrays: Mapping[str, object]) -> list[str]:
    try:
        names = json.loads(text)
    except ValueError:
        return []
    is_valid = isinstance(names, list) and sorted(map(str, names)) == sorted(arrays)
    return [str(name) for name in names] if is_valid else []


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts names with numbers by the numbers: ``fc2`` before ``fc10``."""
    parts = re.split(r"(\d+)", name)
    return [(int(part[:MAX_DIGITS]), "") if i % 2 else (-1, part) for i, part in enumerate(parts)]


def without_prefixes(names: Iterable[str]) -> dict[str, str]:
    """Return each name without the prefixes that all names have in common."""
    plain = {name: name for name in names}
    while plain:
        heads = {name.partition(".")[0] + "." for name in plain.values() if "." in name}
        common = heads.pop() if len(heads) == 1 and all("." in n for n in plain.values()) else ""
        wrapped = [p for p in PREFIXES if all(name.startswith(p) for name in plain.values())]
        cut = common or (wrapped[0] if wrapped else "")
        # A model of one part keeps its name, as encoder in encoder.0.weight.
        if not cut or any("." not in name.removeprefix(cut) for name in plain.values()):
            return plain
        plain = {key: name.removeprefix(cut) for key, name in plain.items()}
    return plain
