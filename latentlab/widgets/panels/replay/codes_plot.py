"""Small scatter plot of the codes after one epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.widgets.kit.plot import Plot
from latentlab.widgets.kit.scatter.markers import PriorRings
from latentlab.widgets.kit.scatter.point_colours import by_class
from latentlab.widgets.kit.scatter.scatter import ScatterItem

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIMIT_STEP = 2.0
"""Limits are multiples of this step, so that they rarely change during a replay."""


class CodesPlot(Plot):
    """Scatter plot of the codes over the rings of the prior, without axes."""

    def __init__(self) -> None:
        super().__init__()
        self.setAspectLocked(True)
        self.setMouseEnabled(x=False, y=False)
        for side in ("left", "bottom"):
            self.getPlotItem().hideAxis(side)
        self.getPlotItem().setContentsMargins(0, 0, 0, 0)
        # Small points overlap less in a small plot.
        self.cloud = ScatterItem(largest=3)
        self._rings = PriorRings()
        for item in (self._rings, self.cloud):
            self.addItem(item, ignoreBounds=True)

    def show_prior(self, *, has_prior: bool) -> None:
        """Show the rings if the prior is N(0, I)."""
        self._rings.setVisible(has_prior)

    def set_codes(self, xy: NDArray[np.float32], labels: NDArray[np.int64] | None) -> None:
        """Show codes, shape (N, 2), coloured by class."""
        self.cloud.set_points(xy, by_class(labels, len(xy)))
        limit = float(np.quantile(np.abs(xy), 0.99)) if xy.size else 0.0
        limit = LIMIT_STEP * np.ceil(min(max(limit, 3.1), 1e4) / LIMIT_STEP)
        self.setRange(xRange=(-limit, limit), yRange=(-limit, limit), padding=0.0)
