"""Traversals: one latent dimension varied at a time, the others held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.latent.codes import Codes

SHARE = 0.01
"""Share of the codes that lie outside the quantiles, at either end."""


def data_range(codes: Codes, span: float) -> NDArray[np.float64]:
    """Return mean ± span standard deviations of the codes, shape (D, 2)."""
    center, reach = codes.center.astype(np.float64), span * codes.spread.astype(np.float64)
    return np.stack([center - reach, center + reach], axis=1)


def quantile_range(codes: Codes) -> NDArray[np.float64]:
    """Return the 1 % and 99 % quantiles of the codes, shape (D, 2)."""
    if not len(codes):
        return data_range(codes, 2.0)
    return np.quantile(codes.mu.astype(np.float64), [SHARE, 1 - SHARE], axis=0).T


def prior_range(size: int, span: float) -> NDArray[np.float64]:
    """Return ± span standard deviations of N(0, I), shape (D, 2)."""
    return np.tile([-span, span], (size, 1)).astype(np.float64)


def traverse(
    z: tuple[float, ...],
    dimensions: tuple[int, ...],
    ranges: NDArray[np.float64],
    columns: int,
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the points of a sheet, one row per dimension, and the coordinates varied.

    Returns
    -------
    ndarray of float32, shape (rows·columns, D)
        Row by row.
    ndarray of float64, shape (rows, columns)
    """
    low, high = ranges[list(dimensions)].T
    values = np.linspace(low, high, columns, axis=1)
    points = np.tile(np.asarray(z, np.float32), (len(dimensions), columns, 1))
    for row, dimension in enumerate(dimensions):
        points[row, :, dimension] = values[row]
    return points.reshape(-1, len(z)), values
