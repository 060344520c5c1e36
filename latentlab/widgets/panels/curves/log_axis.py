"""Axis with round tick values on a logarithmic scale."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg

from latentlab.widgets.panels.curves.smoothing import log_ticks

TICK_PIXELS = 36


class LogAxis(pg.AxisItem):
    """Axis with round tick values in log mode, also for ranges below one decade."""

    def tickValues(self, low: float, high: float, pixels: float) -> list[tuple[float, list[float]]]:
        """See `pyqtgraph.AxisItem.tickValues`."""
        if not self.logMode:
            return list(super().tickValues(low, high, pixels))
        ticks = log_ticks(10.0**low, 10.0**high, int(pixels // TICK_PIXELS))
        return [(1.0, [float(np.log10(tick)) for tick in ticks])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """See `pyqtgraph.AxisItem.tickStrings`."""
        if not self.logMode:
            return list(super().tickStrings(values, scale, spacing))
        return [f"{10.0**value:.4g}" for value in values]
