"""Colours of points by class, by cluster or by a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg

from latentlab.session.palette import CLASS_COLOURS, MAX_CLASS_COLOURS, class_colours
from latentlab.widgets.kit.scatter.rasterize import PointColours
from latentlab.widgets.kit.theme import is_dark

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNKNOWN = 255
SAMPLE = 50_000
OUTERMOST = 0.005
"""Fraction of the values beyond each end of the colour bar."""


def unknown_colour() -> tuple[int, int, int]:
    """Return the RGB colour of unknown values, close to the background and used by no class."""
    return (70, 76, 90) if is_dark() else (204, 209, 218)


def by_class(labels: NDArray[np.int64] | None, count: int) -> PointColours:
    """Colour points by class, unknown labels (below 0) grey; one colour without labels."""
    highest = 0 if labels is None else int(labels.max(initial=0))
    names = class_colours(min(max(highest + 1, len(CLASS_COLOURS)), MAX_CLASS_COLOURS))
    colours = [tuple(bytes.fromhex(name[1:])) for name in names]
    palette = np.array([*colours, unknown_colour()], np.uint8)
    if labels is None:
        return PointColours(np.zeros(count, np.uint8), palette)
    index = np.where(labels < 0, len(colours), labels % len(colours))
    return PointColours(index.astype(np.uint8), palette)


def viridis_palette() -> NDArray[np.uint8]:
    """Return 255 viridis colours, without those too close to the current background."""
    start, stop = (0.15, 1.0) if is_dark() else (0.0, 0.92)
    shades = pg.colormap.get("viridis")
    return np.asarray(shades.getLookupTable(start, stop, nPts=UNKNOWN, alpha=False), np.uint8)


def value_range(values: NDArray[np.float32]) -> tuple[float, float]:
    """Return both ends of the colour bar: quantiles, so that outliers are left out."""
    sample = values[:: max(1, len(values) // SAMPLE)]
    sample = sample[np.isfinite(sample)]
    if not len(sample):
        return 0.0, 1.0
    low, high = np.quantile(sample, (OUTERMOST, 1 - OUTERMOST)).tolist()
    return (low, high) if high > low else (low, low + 1e-6 + abs(low) * 1e-6)


def by_value(values: NDArray[np.float32]) -> tuple[PointColours, tuple[float, float]]:
    """Colour points by value, unknown values (NaN) grey; also return the ends of the bar."""
    low, high = value_range(values)
    shade = (values - np.float32(low)) * np.float32((UNKNOWN - 1) / (high - low))
    known = np.isfinite(shade)
    index = np.clip(np.where(known, shade, 0), 0, UNKNOWN - 1).astype(np.uint8)
    index[~known] = UNKNOWN
    palette = np.vstack([viridis_palette(), np.array([unknown_colour()], np.uint8)])
    return PointColours(index, palette), (low, high)
