"""Many pictures laid out as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def tile(
    pictures: NDArray[np.uint8], columns: int, gap: int = 0, ground: int = 0
) -> NDArray[np.uint8]:
    """Lay pictures out in rows.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (N, H, W) or (N, H, W, 3)
        In reading order.
    columns : int
        How many to a row.
    gap : int
        Pixels between neighbours.
    ground : int
        Value of the gaps and of empty places.

    Returns
    -------
    ndarray of uint8, shape (rows·(H+gap)-gap, columns·(W+gap)-gap[, 3])
    """
    count, height, width, *rest = pictures.shape
    rows = -(-count // columns)
    sheet = np.full((rows, height + gap, columns, width + gap, *rest), ground, np.uint8)
    padded = np.full((rows * columns, height, width, *rest), ground, np.uint8)
    padded[:count] = pictures
    cells = padded.reshape(rows, columns, height, width, *rest)
    sheet[:, :height, :, :width] = np.moveaxis(cells, 1, 2)
    whole = sheet.reshape(rows * (height + gap), columns * (width + gap), *rest)
    return np.ascontiguousarray(whole[: whole.shape[0] - gap, : whole.shape[1] - gap])
