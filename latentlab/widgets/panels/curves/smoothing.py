"""What is done to curves before they are drawn: smoothed, cut, given limits and ticks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ENOUGH_EPOCHS = 3
MOST_EXPONENT = 500.0
CELL_WIDTH = 144
ASPECT = 1.4


def smooth(x: Array, y: Array, epochs: float) -> Array:
    """Return the exponentially fading mean of what came before.

    Each point weighs exp(-(x_i - x_j) / epochs), and the weights are made to sum to 1, so the
    beginning is not pulled to 0.

    Parameters
    ----------
    x, y : ndarray of float64, shape (N,)
        Ascending epochs and values; those not finite are passed over.
    epochs : float
        How long a value counts; 0 leaves all as it is.

    References
    ----------
    Adam: A Method for Stochastic Optimization, Kingma & Ba, 2015, section 3, for the bias
    correction.
    """
    if epochs <= 0 or len(x) < 2:
        return y
    finite = np.isfinite(y)
    result = np.empty(len(x))
    start, total, weight = 0, 0.0, 0.0
    while start < len(x):
        # All at once, but for exponents that float64 can hold.
        stop = int(np.searchsorted(x, x[start] + MOST_EXPONENT * epochs, "right"))
        part = slice(start, stop)
        grown = np.exp((x[part] - x[start]) / epochs) * finite[part]
        totals = total + np.cumsum(grown * np.where(finite[part], y[part], 0.0))
        weights = weight + np.cumsum(grown)
        with np.errstate(invalid="ignore"):
            result[part] = totals / weights
        if stop < len(x):
            fade = math.exp((x[start] - x[stop]) / epochs)
            total, weight = totals[-1] * fade, weights[-1] * fade
        start = stop
    return result


def limits(
    ends: Iterable[Array], within: Iterable[Array], *, outliers: bool
) -> tuple[float, float]:
    """Return the range of a plot.

    Parameters
    ----------
    ends, within : iterable of ndarray
        Values at the ends of epochs, and within them.
    outliers : bool
        Whether all must be seen; else the steep beginning, which would flatten all the rest,
        is left out.
    """
    ends, within = list(ends), list(within)
    whole = max((len(values) for values in ends), default=0)
    use = ends if whole >= ENOUGH_EPOCHS and not outliers else [*ends, *within]
    values = np.concatenate(use) if use else np.empty(0)
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low = float(values.min())
    high = float(values.max() if outliers else np.quantile(values, 0.98))
    return (low, high) if high > low else (low - 1, low + 1)


def positive(values: Array, floor: float) -> Array:
    """Return values that a logarithm can take: zeros at `floor`, so that a collapse is seen."""
    return np.maximum(values, floor)


def log_ticks(low: float, high: float, count: int) -> list[float]:
    """Return round values between two positive ones, about `count` of them."""
    decades = math.log10(high / low)
    if decades < 1:
        step = _nice((high - low) / max(1, count))
        return [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)]
    digits = (1, 2, 5) if 3 * decades <= count else (1,)
    apart = max(1, math.ceil(decades / max(1, count)))
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = [digit * 10.0**power for power in powers if power % apart == 0 for digit in digits]
    return [value for value in every if low <= value <= high]


def _nice(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(nice * power for nice in (1, 2, 5, 10) if nice * power >= step)


def columns(count: int, width: int, height: int) -> int:
    """Return in how many columns `count` plots are best seen in a room of that size."""
    most = max(1, min(count, width // CELL_WIDTH))
    if not (count and width > 0 and height > 0):
        return most

    def badness(columns: int) -> float:
        rows = math.ceil(count / columns)
        empty = rows * columns - count
        return abs(math.log(width / columns / (height / rows) / ASPECT)) + 0.2 * empty

    return min(range(1, most + 1), key=badness)
