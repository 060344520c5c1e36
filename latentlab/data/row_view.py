"""View of selected rows of an array of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class RowView:
    """View of selected rows of an array that copies rows only when they are indexed.

    Parameters
    ----------
    array : ndarray, shape (N, ...)
        Usually memory-mapped.
    rows : ndarray of int, shape (M,)
        Indices of the rows, in order.
    """

    def __init__(self, array: NDArray[np.uint8], rows: NDArray[np.intp]) -> None:
        self._array, self._rows = array, rows
        self.shape = (len(rows), *array.shape[1:])
        self.dtype = array.dtype
        self.nbytes = int(np.prod(self.shape)) * array.dtype.itemsize

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, rows: Any) -> NDArray[np.uint8]:
        return self._array[self._rows[rows]]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray:
        return np.asarray(self[:], dtype)
