"""Smoothing, limits and ticks of curves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

MIN_EPOCHS_FOR_LIMITS = 3
MAX_EXPONENT = 500.0


def exponential_moving_average(x: Array, y: Array, epochs: float) -> Array:
    """Return the exponential moving average, with bias correction.

    Value j has weight exp(-(x_i - x_j) / epochs) at i; the weights are normalized to sum to 1,
    so the beginning is not biased towards 0.

    Parameters
    ----------
    x, y : ndarray of float64, shape (N,)
        Ascending epochs and values; values that are not finite have weight 0.
    epochs : float
        Time constant in epochs; 0 returns `y`.

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
        # Vectorized over blocks whose exponents do not overflow float64.
        stop = int(np.searchsorted(x, x[start] + MAX_EXPONENT * epochs, "right"))
        part = slice(start, stop)
        scaled = np.exp((x[part] - x[start]) / epochs) * finite[part]
        totals = total + np.cumsum(scaled * np.where(finite[part], y[part], 0.0))
        weights = weight + np.cumsum(scaled)
        with np.errstate(invalid="ignore"):
            result[part] = totals / weights
        if stop < len(x):
            decay = math.exp((x[start] - x[stop]) / epochs)
            total, weight = totals[-1] * decay, weights[-1] * decay
        start = stop
    return result


def y_limits(
    ends: Iterable[Array], within: Iterable[Array], *, outliers: bool
) -> tuple[float, float]:
    """Return the range of a plot.

    Parameters
    ----------
    ends, within : iterable of ndarray
        Values at the ends of epochs, and within epochs.
    outliers : bool
        Whether all values must be visible; else the steep beginning is cut off, because it
        flattens the rest.
    """
    ends, within = list(ends), list(within)
    n_epochs = max((len(values) for values in ends), default=0)
    used = ends if n_epochs >= MIN_EPOCHS_FOR_LIMITS and not outliers else [*ends, *within]
    values = np.concatenate(used) if used else np.empty(0)
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low = float(values.min())
    high = float(values.max() if outliers else np.quantile(values, 0.98))
    return (low, high) if high > low else (low - 1, low + 1)


def clip_to_floor(values: Array, floor: float) -> Array:
    """Return the values clipped to `floor`, which shows a collapse to 0 on a log axis."""
    return np.maximum(values, floor)


def log_ticks(low: float, high: float, count: int) -> list[float]:
    """Return about `count` round values between two positive limits."""
    decades = math.log10(high / low)
    if decades < 1:
        step = _round_step((high - low) / max(1, count))
        return [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)]
    digits = (1, 2, 5) if 3 * decades <= count else (1,)
    stride = max(1, math.ceil(decades / max(1, count)))
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [digit * 10.0**power for power in powers if power % stride == 0 for digit in digits]
    return [value for value in ticks if low <= value <= high]


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= step)
