"""Cache files of arrays."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.atomic_write import write_atomically
from latentlab.data.files.numpy_file import NumpyFile
from latentlab.errors import DataError, RunError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def read_arrays(path: Path, most: int) -> dict[str, NDArray[Any]]:
    """Read all arrays of a .npz of at most `most` bytes, uncompressed.

    Raises
    ------
    DataError
        If the file is missing, damaged or too large.
    """
    file = NumpyFile(path, path.parent.name)
    size = sum(head.nbytes for head in file.arrays.values())
    if size > most:
        raise DataError(f"{path} holds {size:,} bytes; the maximum is {most:,}.")
    return {name: file.read(name) for name in file.arrays}


def write_arrays(path: Path, most: int, **arrays: NDArray[Any]) -> None:
    """Write arrays to a .npz and delete all but the newest `most` files of its folder.

    If writing fails, nothing is saved, and the arrays are computed again next time.
    """
    packed = io.BytesIO()
    np.savez(packed, allow_pickle=False, **arrays)
    try:
        write_atomically(path, packed.getvalue())
        kept = sorted(path.parent.glob("*.npz"), key=lambda file: file.stat().st_mtime)
        for file in kept[:-most]:
            file.unlink(missing_ok=True)
    except (RunError, OSError):
        return
