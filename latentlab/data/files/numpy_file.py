"""Safe reader of NumPy's .npy and .npz files.

Headers are checked against the file's size and the free memory before anything is allocated, and
pickles are never loaded. Exceptions of numpy, zipfile and zlib become a `DataError`.
"""

from __future__ import annotations

import math
import sys
import warnings
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, override

import numpy as np
import psutil

from latentlab.errors import DataError, LatentlabError, is_out_of_memory, shown

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

PICKLE_MAGIC = b"\x80"
NPY_MAGIC, ZIP_MAGIC = b"\x93NUMPY", (b"PK\x03\x04", b"PK\x05\x06")
PLAIN_KINDS = "biufSU"
"""Supported kinds of dtype: booleans, numbers and strings."""
MAX_MEMBERS = 1000
MAX_DIMENSIONS = 8
MEMORY_SHARE = 0.8
"""Maximum size of an array of a .npz, as a fraction of the free memory."""
MAX_HEAD = 10_000
HEAD_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
DEFLATE_RATIO = 1040
"""Maximum compression ratio of deflate; a higher one shows a damaged file."""
PIECE = 1 << 20
LONGEST = 200
"""Maximum length of library text in a message, in characters."""
ENCRYPTED = 0x1
PICKLE = "a pickle, and pickles are never opened because they can run any code"
OTHER_FORMATS = {
    b"\x89HDF": "an HDF5 file (also MATLAB's since version 7.3)",
    b"MATLAB": "a MATLAB file",
    PICKLE_MAGIC: PICKLE,
    b"\x1f\x8b": "a gzipped file: unpack it first",
}


@dataclass(frozen=True, slots=True)
class Head:
    """Header of an array.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array.
    dtype : dtype
        One of `PLAIN_KINDS`.
    fortran : bool
        Whether the array is in Fortran order.
    offset : int
        Offset of the values in the file, in bytes.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    offset: int

    @property
    def nbytes(self) -> int:
        """Size of the values in bytes."""
        return math.prod(self.shape) * self.dtype.itemsize

    @override
    def __str__(self) -> str:
        return f"{'×'.join(map(str, self.shape)) or 'one value'} {self.dtype}"


class NumpyFile:
    """Arrays of a .npy or .npz file.

    Parameters
    ----------
    path : Path
        The file.
    key : str
        Recipe key of the file for messages, such as ``data.images``.

    Raises
    ------
    DataError
        If the file does not exist, is damaged or is not a NumPy file.
    """

    def __init__(self, path: Path, key: str) -> None:
        self.path, self._key = path, key
        self.single = False
        """Whether it is a .npy, whose array has the name ``""`` and is memory-mapped."""
        self.arrays: Mapping[str, Head] = {}
        """Headers of the supported arrays, by name."""
        self.others: tuple[str, ...] = ()
        """Names of the unsupported members of a .npz, such as pickles."""
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
                raise self._foreign(f"it is {known[0]}" if known else "its header is unknown")

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def read(self, name: str = "") -> NDArray[Any]:
        """Read an array; that of a .npy is memory-mapped.

        Raises
        ------
        DataError
            If the file is damaged or the array does not fit into memory.
        """
        with self._guarded():
            array = self._map() if self.single else self._unpack(name)
            if not _is_unicode(array):
                raise self.damaged("its text is not Unicode")
            return array

    def listing(self) -> str:
        """Return the names, shapes and dtypes of the file's members, on one line."""
        if self.single:
            return f"one array, {self.arrays['']}"
        parts = [f"{_short(name)} ({head})" for name, head in self.arrays.items()]
        parts += [f"{_short(name)} (no plain array)" for name in self.others]
        more = f" and {len(parts) - 12:,} more" if len(parts) > 12 else ""
        return ", ".join(parts[:12]) + more or "nothing"

    def damaged(self, reason: str) -> DataError:
        """Return an error that the file is damaged, with the reason."""
        return DataError(
            f"{self._key}: {self.path} is damaged: {reason[:LONGEST]}.",
            "Save it again with numpy.save or numpy.savez.",
        )

    @contextmanager
    def _guarded(self) -> Generator[None]:
        """Convert library exceptions into errors that name the file."""
        try:
            yield
        except LatentlabError:
            raise
        except _NotPlainError as error:
            raise self._foreign(str(error)) from None
        # numpy and zipfile raise about ten types of exception.
        except Exception as error:
            if is_out_of_memory(error):
                raise self._too_large() from error
            raise self.damaged(str(error) or type(error).__name__) from error

    def _foreign(self, what: str) -> DataError:
        return DataError(
            f"{self._key}: {self.path} is not a NumPy file of plain numbers: {what}.",
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
            raise self.damaged(f"{_short(member.filename)} has an unsupported compression")
        if member.is_dir() or not member.filename.endswith(".npy"):
            raise _NotPlainError(f"{_short(member.filename)} in it is not an array")
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
            file.read(1)  # zipfile verifies the checksum at the end of the file
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
    """Error for an unsupported member: not an array, or of an unsupported dtype."""


def _read_head(file: IO[bytes]) -> Head:
    version = np.lib.format.read_magic(file)
    if version not in HEAD_READERS:
        raise ValueError(f"version {version} of its format is unknown")
    with warnings.catch_warnings(action="ignore"):
        shape, fortran, dtype = HEAD_READERS[version](file, max_header_size=MAX_HEAD)
    if dtype.kind not in PLAIN_KINDS or dtype.itemsize == 0:
        why = f"it is {PICKLE}" if dtype.hasobject else f"it holds {shown(dtype, 40)}"
        raise _NotPlainError(why)
    if len(shape) > MAX_DIMENSIONS or any(side < 0 for side in shape):
        raise ValueError(f"its shape is {shape}")
    return Head(tuple(map(int, shape)), dtype, bool(fortran), file.tell())


def _is_unicode(array: NDArray[Any]) -> bool:
    """Return whether all text in an array has characters that exist; numpy does not check it."""
    if array.dtype.kind != "U" or not array.size:
        return True
    points = array.ravel(order="K").view(array.dtype.str[0] + "u4")
    is_surrogate = (points >= 0xD800) & (points <= 0xDFFF)
    return bool((points <= sys.maxunicode).all() and not is_surrogate.any())


def _lacks(head: Head, size: int) -> str:
    return f"it says {head}, which is {head.nbytes:,} bytes, but has {size - head.offset:,}"


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:39]}…"
