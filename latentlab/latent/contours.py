"""Contour lines of a function on a plane, and densities on a plane from samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RING_SHARES = tuple(float(1 - np.exp(-(radius**2) / 2)) for radius in (1, 2, 3))
"""Shares of a two-dimensional Gaussian within one, two and three standard deviations."""
DENSITY_CELLS = 160
"""Cells of a density along each side."""
BANDWIDTH = 0.5
"""Bandwidth of a density relative to Scott's rule, which is too smooth for several modes."""

type Lines = tuple[NDArray[np.float64], ...]
"""Lines of one level, each of shape (K, 2)."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Values on a rectangular grid.

    Parameters
    ----------
    values : ndarray of float64, shape (ny, nx)
        Row 0 is at the lowest y.
    x, y : ndarray of float64, shape (nx,) and (ny,)
        Coordinates, ascending.
    """

    values: NDArray[np.float64] = field(repr=False)
    x: NDArray[np.float64] = field(repr=False)
    y: NDArray[np.float64] = field(repr=False)

    @property
    def cell(self) -> float:
        """Area of a cell of a grid with equal steps."""
        return float((self.x[1] - self.x[0]) * (self.y[1] - self.y[0]))


def contour_lines(grid: Grid, levels: Sequence[float]) -> tuple[Lines, ...]:
    """Return the contour lines of each level; a level that is not reached has none."""
    # Imported here: the window imports this module for its records.
    from contourpy import contour_generator

    lines = contour_generator(grid.x, grid.y, grid.values)
    return tuple(tuple(np.asarray(line) for line in lines.lines(level)) for level in levels)


def mass_levels(density: NDArray[np.float64], shares: Sequence[float]) -> list[float]:
    """Return the densities above which these shares of the total lie: highest-density regions.

    References
    ----------
    Computing and Graphing Highest Density Regions, Hyndman, 1996, section 2.
    """
    ordered = np.sort(density.ravel())[::-1]
    total = np.cumsum(ordered)
    rows = np.searchsorted(total, np.asarray(shares) * total[-1])
    return [float(ordered[min(row, len(ordered) - 1)]) for row in rows]


def plane_density(xy: NDArray[np.floating]) -> Grid:
    """Estimate the density of samples on a plane by Gaussian kernels.

    Parameters
    ----------
    xy : ndarray of float, shape (N, 2)
        Samples.
    """
    # Imported here: scipy.ndimage takes 0.5 s to load.
    from scipy.ndimage import gaussian_filter

    spread = np.maximum(xy.std(0), 1e-6)
    widths = BANDWIDTH * spread * len(xy) ** (-1 / 6)
    low, high = xy.min(0) - 4 * widths, xy.max(0) + 4 * widths
    x, y = (np.linspace(a, b, DENSITY_CELLS + 1) for a, b in zip(low, high, strict=True))
    counted, _, _ = np.histogram2d(xy[:, 1], xy[:, 0], bins=(y, x))
    steps = (y[1] - y[0], x[1] - x[0])
    smooth = gaussian_filter(counted, (widths[1] / steps[0], widths[0] / steps[1]), mode="constant")
    return Grid(smooth / (len(xy) * steps[0] * steps[1]), _middle(x), _middle(y))


def _middle(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    return (edges[:-1] + edges[1:]) / 2
