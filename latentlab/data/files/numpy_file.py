"""NumPy's .npy and .npz files, read within bounds, whatever is in them.

Nothing in a file is believed before it is checked against the file's size and the memory that is
free, and nothing in it is ever run. Whatever numpy, zipfile or zlib raise becomes a `DataError`.
"""

from __future__ import annotations

import math
import warnings
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, override

import numpy as np
import psutil

from latentlab.errors import DataError, LatentlabError, shown

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

PICKLE_MAGIC = b"\x80"
NPY_MAGIC, ZIP_MAGIC = b"\x93NUMPY", (b"PK\x03\x04", b"PK\x05\x06")
PLAIN_KINDS = "biufSU"
"""Kinds of dtype that are read: truth values, numbers and words."""
MAX_MEMBERS = 1000
MAX_DIMENSIONS = 8
MEMORY_SHARE = 0.8
"""Part of the free memory that one array of a .npz may take."""
MAX_HEAD = 10_000
HEAD_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
DEFLATE_RATIO = 1040
"""How much deflate can shrink a file at most: what claims more is damaged."""
PIECE = 1 << 20
LONGEST = 200
"""Characters of a message that come out of a file or a library."""
ENCRYPTED = 0x1
PICKLE = "a pickle, and pickles are never opened, for they can do anything"
OTHER_FORMATS = {
    b"\x89HDF": "an HDF5 file (also MATLAB's since version 7.3)",
    b"MATLAB": "a MATLAB file",
    PICKLE_MAGIC: PICKLE,
    b"\x1f\x8b": "a gzipped file: unpack it first",
}


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of an array before it is read.

    Parameters
    ----------
    shape : tuple of int
        Its shape.
    dtype : dtype
        Plain numbers or words.
    fortran : bool
        Whether the first index runs fastest.
    offset : int
        Where in the file its values begin.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    offset: int

    @property
    def nbytes(self) -> int:
        """Size of its values."""
        return math.prod(self.shape) * self.dtype.itemsize

    @override
    def __str__(self) -> str:
        return f"{'×'.join(map(str, self.shape)) or 'one value'} {self.dtype}"


class NumpyFile:
    """What a .npy or .npz file holds.

    Parameters
    ----------
    path : Path
        The file.
    key : str
        The key of a recipe that names it, for messages, such as ``data.images``.

    Raises
    ------
    DataError
        Where there is no such file, or it is damaged, or no NumPy file.
    """

    def __init__(self, path: Path, key: str) -> None:
        self.path, self._key = path, key
        self.single = False
        """Whether it is a .npy, whose one array has the name ``""`` and stays on disk."""
        self.arrays: Mapping[str, Head] = {}
        """The arrays by name, as far as they are of plain numbers or words."""
        self.others: tuple[str, ...] = ()
        """Names of what else a .npz holds, such as pickles, which are never opened."""
        if not path.is_file():
            raise DataError(f"{key}: there is no file {path}.", "Check the path.")
        with self._guarded(), path.open("rb") as file:
            start = file.read(8)
            file.seek(0)
            if start.startswith(ZIP_MAGIC):
                self._read_index(file)
            elif start.startswith(NPY_MAGIC):
                self.single = True
                self.arrays = {"": _read_head(file)}
            else:
                known = [text for magic, text in OTHER_FORMATS.items() if start.startswith(magic)]
                raise self._foreign(f"it is {known[0]}" if known else "it begins like none")

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def read(self, name: str = "") -> NDArray[Any]:
        """Return an array; that of a .npy is mapped from disk.

        Raises
        ------
        DataError
            Where it is damaged or does not fit into memory.
        """
        with self._guarded():
            return self._map() if self.single else self._unpack(name)

    def listing(self) -> str:
        """Return the names, shapes and types of what is in the file, in one line."""
        if self.single:
            return f"one array, {self.arrays['']}"
        told = [f"{_short(name)} ({head})" for name, head in self.arrays.items()]
        told += [f"{_short(name)} (no plain array)" for name in self.others]
        more = f" and {len(told) - 12:,} more" if len(told) > 12 else ""
        return ", ".join(told[:12]) + more or "nothing"

    def damaged(self, reason: str) -> DataError:
        """Return the error that says what is wrong with the file."""
        return DataError(
            f"{self._key}: {self.path} is damaged: {reason[:LONGEST]}.",
            "Save it anew with numpy.save or numpy.savez.",
        )

    @contextmanager
    def _guarded(self) -> Generator[None]:
        """Turn whatever a library raises at a damaged file into an error that names it."""
        try:
            yield
        except LatentlabError:
            raise
        except _NotPlainError as error:
            raise self._foreign(str(error)) from None
        except MemoryError as error:
            raise self._too_large() from error
        # numpy and zipfile raise ten kinds of exception, and none of them says all.
        except Exception as error:
            raise self.damaged(str(error) or type(error).__name__) from error

    def _foreign(self, what: str) -> DataError:
        return DataError(
            f"{self._key}: {self.path} is no NumPy file of plain numbers: {what}.",
            "Save the numbers in Python with numpy.save or numpy.savez.",
        )

    def _too_large(self, needed: int = 0) -> DataError:
        free = psutil.virtual_memory().available
        size = f": {needed / 1e9:.1f} GB of {free / 1e9:.1f} GB that are free" if needed else ""
        return DataError(
            f"{self._key}: {self.path} does not fit into memory{size}.",
            "Save the images alone with numpy.save as .npy, which is read from disk as needed.",
        )

    def _read_index(self, file: IO[bytes]) -> None:
        found: dict[str, Head] = {}
        others, why = [], ""
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS:
                raise self.damaged(f"it holds {len(members):,} files, more than {MAX_MEMBERS:,}")
            for member in members:
                name = member.filename.removesuffix(".npy")
                try:
                    found[name] = self._head_of(archive, member)
                except _NotPlainError as error:
                    others.append(name)
                    why = str(error)
        if not found and others:
            raise self._foreign(why)
        self.arrays, self.others = found, tuple(others)

    def _head_of(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Head:
        if member.flag_bits & ENCRYPTED:
            raise DataError(
                f"{self._key}: {self.path} is encrypted.", "Save it without a password."
            )
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self.damaged(f"{_short(member.filename)} is packed in a way that numpy is not")
        if member.is_dir() or not member.filename.endswith(".npy"):
            raise _NotPlainError(f"{_short(member.filename)} in it is no array")
        packed = min(member.compress_size, self.path.stat().st_size)
        if member.file_size > DEFLATE_RATIO * (packed + 1):
            raise self.damaged(f"{_short(member.filename)} claims to be larger than it can be")
        with archive.open(member) as file:
            head = _read_head(file)
        if head.offset + head.nbytes != member.file_size:
            raise self.damaged(_lacks(head, member.file_size))
        return head

    def _unpack(self, name: str) -> NDArray[Any]:
        head = self.arrays[name]
        if head.nbytes > MEMORY_SHARE * psutil.virtual_memory().available:
            raise self._too_large(head.nbytes)
        array = np.empty(math.prod(head.shape), head.dtype)
        target = memoryview(array.view(np.uint8)) if array.size else memoryview(b"")
        with zipfile.ZipFile(self.path) as archive, archive.open(f"{name}.npy") as file:
            file.read(head.offset)
            done = 0
            while done < head.nbytes:
                piece = file.read(min(PIECE, head.nbytes - done))
                if not piece:
                    raise self.damaged(_lacks(head, head.offset + done))
                target[done : done + len(piece)] = piece
                done += len(piece)
            file.read(1)  # the checksum is looked at where the end is reached
        return array.reshape(head.shape, order="F" if head.fortran else "C")

    def _map(self) -> NDArray[Any]:
        head, size = self.arrays[""], self.path.stat().st_size
        if head.offset + head.nbytes > size:
            raise self.damaged(_lacks(head, size))
        if not head.nbytes:
            return np.empty(head.shape, head.dtype)
        order = "F" if head.fortran else "C"
        return np.memmap(self.path, head.dtype, "r", head.offset, head.shape, order)  # type: ignore[call-overload]


class _NotPlainError(Exception):
    """An array of objects or of no plain numbers, or no array; says which."""


def _read_head(file: IO[bytes]) -> Head:
    version = np.lib.format.read_magic(file)
    if version not in HEAD_READERS:
        raise ValueError(f"version {version} of its format is not known")
    with warnings.catch_warnings(action="ignore"):
        shape, fortran, dtype = HEAD_READERS[version](file, max_header_size=MAX_HEAD)
    if dtype.kind not in PLAIN_KINDS or dtype.itemsize == 0:
        why = f"it is {PICKLE}" if dtype.hasobject else f"it holds {shown(dtype, 40)}"
        raise _NotPlainError(why)
    if len(shape) > MAX_DIMENSIONS or any(side < 0 for side in shape):
        raise ValueError(f"its shape is {shape}")
    return Head(tuple(map(int, shape)), dtype, bool(fortran), file.tell())


def _lacks(head: Head, size: int) -> str:
    return f"it says {head}, which is {head.nbytes:,} bytes, but has {size - head.offset:,}"


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:39]}…"
