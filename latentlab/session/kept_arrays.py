"""Arrays that the program keeps in files of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latentlab.data.numpy_file import NumpyFile
from latentlab.errors import DataError

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
