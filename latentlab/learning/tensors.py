"""Tensors from safetensors files, whose header is checked before memory is allocated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from safetensors import safe_open

from latentlab.atomic_write import is_missing
from latentlab.errors import RunError, reading, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

MAX_HEADER_BYTES = 8 << 20
"""Largest header of a file in bytes; the header names the tensors."""
MAX_ABS_WEIGHT = 1e9
"""Limit of the absolute value of a weight; larger ones decode to nothing."""
FLOAT_DTYPES = {"F16", "BF16", "F32", "F64"}
"""Number formats in which weights may be stored."""
NOT_SAFETENSORS = "is damaged or no safetensors file"


def read_weights(file: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray]:
    """Read the weights of a model with these tensor names and shapes, as float32.

    Raises
    ------
    RunError
        If the file is missing, damaged or of another model, before a tensor is read; if values
        are not finite, or too large for weights.
    """
    if is_missing(file):
        raise RunError(
            f"{file.parent} is not a complete run: it has no {file.name}.",
            "Copy the complete folder, or train the model again.",
        )
    check_header(file)
    with reading(file, fault=NOT_SAFETENSORS), safe_open(file, "np") as content:
        heads = {name: content.get_slice(name) for name in content.keys()}  # noqa: SIM118
        check_shapes(shapes, {name: tuple(head.get_shape()) for name, head in heads.items()}, file)
        for name, head in heads.items():
            if head.get_dtype() not in FLOAT_DTYPES:
                raise RunError(
                    f"{file} has weights in another format: {name} is {head.get_dtype()}.",
                    "Save them as float32, float16 or bfloat16.",
                )
        bfloat16 = [name for name, head in heads.items() if head.get_dtype() == "BF16"]
        weights = {name: content.get_tensor(name) for name in heads if name not in bfloat16}
    if bfloat16:
        # NumPy has no bfloat16; torch cannot open file names that are not UTF-8.
        with reading(file, fault=NOT_SAFETENSORS), safe_open(file, "pt") as content:
            weights |= {name: content.get_tensor(name).float().numpy() for name in bfloat16}
    weights = {name: weights[name].astype(np.float32, copy=False) for name in heads}
    _check_finite(weights, file)
    return weights


def check_header(file: Path) -> None:
    """Check the header length that a safetensors file declares.

    Raises
    ------
    RunError
        If that length is impossible.
    """
    with reading(file, fault=NOT_SAFETENSORS):
        with file.open("rb") as content:
            length = int.from_bytes(content.read(8), "little")
        if length > min(MAX_HEADER_BYTES, file.stat().st_size):
            raise ValueError(f"its head cannot be {length} bytes long")


def check_shapes(
    own: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]], source: object
) -> None:
    """Compare the tensors of a model with those of a file.

    Raises
    ------
    RunError
        If a tensor is missing, unknown or has another shape; names the first one.
    """
    for name in [*own, *found]:
        have, want = found.get(name, "nothing"), own.get(name, "nothing")
        if have != want:
            raise RunError(
                f"{source} does not fit its model: {shown(name)} is {have} where the model has "
                f"{want}.",
                "Is this checkpoint beside the description of another run?",
            )


def _check_finite(weights: Mapping[str, NDArray], file: Path) -> None:
    for name, value in weights.items():
        if not (np.abs(value) < MAX_ABS_WEIGHT).all():  # False for NaN too
            raise RunError(
                f"{file} is damaged: {name} has values that no weight has.",
                "Restore it from a copy, or train the model again.",
            )
