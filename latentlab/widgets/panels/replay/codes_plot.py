"""Codes as they lay at one moment, small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.widgets.kit.plot import Plot
from latentlab.widgets.kit.scatter.markers import PriorRings
from latentlab.widgets.kit.scatter.point_colours import by_class
from latentlab.widgets.kit.scatter.scatter import CodeCloud

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEP = 2.0
"""Limits are multiples of it, so that they change seldom while a run is replayed."""


class CodesPlot(Plot):
    """A cloud of codes over the prior's rings, without axes."""

    def __init__(self) -> None:
        super().__init__()
        self.setAspectLocked(True)
        self.setMouseEnabled(x=False, y=False)
        for side in ("left", "bottom"):
            self.getPlotItem().hideAxis(side)
        self.getPlotItem().setContentsMargins(0, 0, 0, 0)
        # Small points leave something to see between them where there is little room.
        self.cloud = CodeCloud(largest=3)
        for item in (PriorRings(), self.cloud):
            self.addItem(item, ignoreBounds=True)

    def set_codes(self, xy: NDArray[np.float32], labels: NDArray[np.int64] | None) -> None:
        """Show codes of shape (N, 2), coloured by class."""
        self.cloud.set_points(xy, by_class(labels, len(xy)))
        reach = float(np.quantile(np.abs(xy), 0.99)) if xy.size else 0.0
        reach = STEP * np.ceil(min(max(reach, 3.1), 1e4) / STEP)
        self.setRange(xRange=(-reach, reach), yRange=(-reach, reach), padding=0.0)
