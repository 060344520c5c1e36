"""Read-only view of several image arrays as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ConcatenatedArray:
    """Concatenation of arrays along the first axis that copies only the indexed rows.

    The arrays may be memory-mapped and together larger than memory.

    Parameters
    ----------
    parts : ndarray of uint8, shape (N_i, C, H, W)
        At least one array; all of the same (C, H, W).
    """

    def __init__(self, *parts: NDArray[np.uint8]) -> None:
        self._parts = parts
        self._stops = np.cumsum([len(part) for part in parts])
        self.shape = (int(self._stops[-1]), *parts[0].shape[1:])
        self.dtype = parts[0].dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> NDArray[np.uint8]:
        if isinstance(rows, slice):
            return self._between(*rows.indices(len(self)))
        wanted = np.asarray(rows)
        if wanted.dtype == bool:
            wanted = np.flatnonzero(wanted)
        flat = wanted.reshape(-1)
        if len(flat) and not -len(self) <= flat.min() <= flat.max() < len(self):
            raise IndexError(f"there are {len(self)} rows")
        flat = np.where(flat < 0, flat + len(self), flat)
        found = np.empty((len(flat), *self.shape[1:]), self.dtype)
        part_of = np.searchsorted(self._stops, flat, side="right")
        for i, part in enumerate(self._parts):
            here = part_of == i
            found[here] = part[flat[here] - (self._stops[i] - len(part))]
        return found.reshape(*wanted.shape, *self.shape[1:])

    def _between(self, start: int, stop: int, step: int) -> NDArray[np.uint8]:
        if step != 1:
            return self[np.arange(start, stop, step)]
        pieces, begin = [], 0
        for part in self._parts:
            piece = part[max(0, start - begin) : max(0, stop - begin)]
            begin += len(part)
            if len(piece):
                pieces.append(piece)
        if not pieces:
            return self._parts[0][:0]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
