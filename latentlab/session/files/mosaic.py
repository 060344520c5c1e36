"""Grid of images as one image."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def tile(
    pictures: NDArray[np.uint8], columns: int, gap: int = 0, ground: int = 0
) -> NDArray[np.uint8]:
    """Arrange images in a grid.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (N, H, W) or (N, H, W, 3)
        Images in row-major order.
    columns : int
        Images per row.
    gap : int
        Pixels between neighbouring images.
    ground : int
        Pixel value of the gaps and of empty cells.

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


def square_columns(count: int) -> int:
    """Return the number of columns of a roughly square grid of `count` images."""
    return math.ceil(math.sqrt(count))
