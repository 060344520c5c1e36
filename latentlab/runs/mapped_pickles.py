"""Pickling of memory-mapped images by where they are; importing the module turns it on."""

from __future__ import annotations

import mmap
from multiprocessing.reduction import ForkingPickler
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _reduce_memmap(array: np.memmap) -> tuple[Callable[..., np.ndarray], tuple[Any, ...]]:
    """Pickle the location of mapped values, not the values: they may not fit into memory."""
    mapped = getattr(array, "_mmap", None)
    if mapped is None or array.filename is None or not array.flags.c_contiguous or not array.size:
        return np.array, (np.asarray(array).copy(),)
    begin = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY
    first = np.frombuffer(mapped, np.uint8).ctypes.data
    offset = begin + array.ctypes.data - first
    return _map, (str(array.filename), array.dtype.str, offset, array.shape)


def _map(path: str, dtype: str, offset: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.memmap(path, np.dtype(dtype), "r", offset, shape)


ForkingPickler.register(np.memmap, _reduce_memmap)
