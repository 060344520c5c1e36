"""Arrays that the program keeps in files of its own."""

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
    """Read all arrays of a .npz of at most `most` bytes once it is unpacked.

    Raises
    ------
    DataError
        Where there is none, it is damaged, or larger.
    """
    file = NumpyFile(path, path.parent.name)
    size = sum(head.nbytes for head in file.arrays.values())
    if size > most:
        raise DataError(f"{path} holds {size:,} bytes, and {most:,} are the most.")
    return {name: file.read(name) for name in file.arrays}


def keep_arrays(path: Path, most: int, **arrays: NDArray[Any]) -> None:
    """Write arrays to a .npz, and of all in its folder keep the newest `most`.

    Where that cannot be, nothing is kept, and they are computed again next time.
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
