"""IDX file format of MNIST and similar data sets, optionally gzipped, and its file names."""

from __future__ import annotations

import gzip
import math
import os
import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np
import psutil

from latentlab.data.files.numpy_file import DEFLATE_RATIO, LONGEST, MEMORY_SHARE
from latentlab.errors import DataError, LatentlabError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""Data types by their code in the file."""
MAX_DIMENSIONS = 4
GZIP_MAGIC = b"\x1f\x8b"
OTHER_FORMATS = {
    b"<": ("it is a web page", "The download failed: download the file again."),
    b"PK": ("it is a ZIP", "Unpack it first."),
    b"\x93NUMPY": ("it is a NumPy file", "Choose arrays as the kind of data, and this file."),
    b"\x89PNG": ("it is an image", "Choose folder as the kind of data, and its folder."),
    b"version https://git-lfs": ("it only points to a file", "Fetch it with git lfs pull."),
}
NAME = re.compile(
    r"(?:(?P<prefix>.+?)[-_. ])?(?P<part>train|t10k|test)[-_. ]?(?P<what>images|labels)"
    r"(?:[-_. ]?idx\d)?(?:[-_. ]?(?:ubyte|byte|short|int|float|double))?"
    r"(?:\.(?:gz|gzip|idx|bin|dat|raw))*(?: ?\(\d+\))?(?:\.gz)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class IdxFiles:
    """The four files of a data set.

    Parameters
    ----------
    folder : Path
        Folder of the files.
    prefix : str
        Prefix of the file names, such as ``emnist-letters``; usually empty.
    paths : dict of str to Path
        Paths by the names of the files in MNIST.
    """

    folder: Path
    prefix: str
    paths: Mapping[str, Path]


def sets_in(folder: Path) -> dict[str, IdxFiles]:
    """Return the complete data sets in a folder by prefix."""
    found: dict[str, dict[str, Path]] = {}
    # Shortest name first: prefers a file to a copy such as "name (1)".
    for name in sorted(names_in(folder), key=lambda name: (len(name), name)):
        if named := named_as(name):
            found.setdefault(named[0], {}).setdefault(named[1], folder / name)
    return {
        prefix: IdxFiles(folder, prefix, paths)
        for prefix, paths in found.items()
        if len(paths) == len(FILES)
    }


def named_as(name: str) -> tuple[str, str] | None:
    """Return the prefix of a file name and its equivalent in MNIST; None for other files."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    part = "train" if match["part"].lower() == "train" else "t10k"
    file = next(file for file in FILES if file.startswith(f"{part}-{match['what'].lower()}"))
    return (match["prefix"] or "").lower(), file


def names_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder; empty if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.is_file()]
    except OSError:
        return []


def read_idx(path: Path) -> NDArray[Any]:
    """Read an IDX file, gzipped or not; detects gzip by content, not by name.

    Raises
    ------
    DataError
        If it is not an IDX file, does not match its header, or does not fit into memory.
    """
    return _opened(path, _read)


def read_idx_shape(path: Path) -> tuple[int, ...]:
    """Read the shape in the header of an IDX file; raises as `read_idx`."""
    return _opened(path, lambda path, file, packed: _read_header(path, file)[1])


def _opened[T](path: Path, read: Callable[[Path, IO[bytes], bool], T]) -> T:
    """Return what a function reads from a file and, with True, from a gzipped file."""
    try:
        with path.open("rb") as raw:
            start = raw.read(len(GZIP_MAGIC))
            raw.seek(0)
            if start != GZIP_MAGIC:
                return read(path, raw, False)
            with gzip.GzipFile(fileobj=raw) as file:
                return read(path, cast("IO[bytes]", file), True)
    except LatentlabError:
        raise
    except Exception as error:  # gzip and zlib raise several types
        raise DataError(
            f"{path} cannot be read: {str(error)[:LONGEST]}.", "Copy the file again."
        ) from error


def _read_header(path: Path, file: IO[bytes]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Read the type and the shape of the values."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != bytes(2) or magic[2] not in TYPES:
        raise _foreign(path, magic + file.read(24))
    kind, dims = np.dtype(TYPES[magic[2]]), magic[3]
    sides = file.read(4 * dims)
    if len(sides) < 4 * dims:
        raise DataError(f"{path} is damaged: it ends within its header.", "Copy the file again.")
    return kind, tuple(np.frombuffer(sides, ">u4").astype(int).tolist())


def _read(path: Path, file: IO[bytes], packed: bool) -> NDArray[Any]:
    kind, shape = _read_header(path, file)
    dims, size = len(shape), math.prod(shape) * kind.itemsize
    on_disk = path.stat().st_size
    held = on_disk - 4 - 4 * dims
    if dims > MAX_DIMENSIONS or size > (DEFLATE_RATIO * on_disk if packed else held):
        raise _wrong_size(path, shape, f"{held:,} bytes")
    if size > MEMORY_SHARE * psutil.virtual_memory().available:
        raise DataError(f"{path} does not fit into memory: it holds {size / 1e9:.1f} GB.")
    content = file.read(size)
    if len(content) < size or file.read(1):
        actual = f"{len(content):,} bytes" if len(content) < size else "more"
        raise _wrong_size(path, shape, actual if packed else f"{held:,} bytes")
    return np.frombuffer(content, kind).reshape(shape)


def _wrong_size(path: Path, shape: tuple[int, ...], held: str) -> DataError:
    text = str(shape) if len(shape) <= MAX_DIMENSIONS else f"{len(shape)} dimensions"
    return DataError(f"{path} is damaged: it says {text} but holds {held}.", "Copy the file again.")


def _foreign(path: Path, start: bytes) -> DataError:
    known = [text for magic, text in OTHER_FORMATS.items() if start.lstrip().startswith(magic)]
    what, advice = known[0] if known else ("its header is unknown", "Copy the file again.")
    if not start:
        what = "it is empty"
    return DataError(f"{path} is not an IDX file: {what}.", advice)
