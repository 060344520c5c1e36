"""Plot of the curves of a measurement, of its bars, or of its matrix."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg

from latentlab.widgets.kit.plot import Plot
from latentlab.widgets.kit.theme import LABEL, colours

if TYPE_CHECKING:
    from latentlab.metrics.measurement import Measurement, Series
    from latentlab.session.files.figure import Colour

LOGARITHMIC_RATIO = 20.0
"""Ratio of the largest to the smallest x from which the axis is logarithmic."""
BARS_WIDTH = 0.8
ROC = "ROC"


class SeriesPlot(Plot):
    """Curves over numbers, or bars over names; bars of several series stand side by side.

    Series over names, one for each of these names, are the rows of a matrix.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Curve of the metric")
        self.setToolTip("The curve of the metric. Right-click to copy or save it.")
        self.setMouseEnabled(x=False, y=False)
        self._measurement: Measurement | None = None
        self._names: tuple[tuple[str, Colour], ...] = ()

    def show_measurement(self, measurement: Measurement | None) -> None:
        """Show the series of a measurement; hidden without any."""
        self._measurement = measurement
        series = measurement.series if measurement else ()
        self.setVisible(bool(series))
        self.clear()
        if measurement and series:
            self.caption = f"{measurement.title}: {measurement.on.text}"
            self._draw(series)

    def _draw(self, series: tuple[Series, ...]) -> None:
        c = colours()
        item = self.getPlotItem()
        shades = (c.accent, c.muted)
        item.setLabel("bottom", escape(series[0].x_name), **LABEL)  # the title is HTML
        item.setLabel("left", escape(series[0].y_name), **LABEL)
        item.getAxis("bottom").setTicks(None)
        item.getAxis("left").setTicks(None)
        if tuple(each.name for each in series) == series[0].x:
            self._add_matrix(series)
            return
        for i, each in enumerate(series):
            shade = shades[i % len(shades)]
            if each.x and isinstance(each.x[0], str):
                self._add_bars(each, i, len(series), shade)
            else:
                self._add_curve(each, shade)
        if series[0].name == ROC:
            self.plot([0, 1], [0, 1], pen=self.pen(c.border))
        self.enableAutoRange()

    def _add_curve(self, series: Series, shade: str) -> None:
        x = np.asarray(series.x, np.float64)
        if len(x) > 1 and x.min() > 0 and x.max() / x.min() >= LOGARITHMIC_RATIO:
            # Ticks at the measured k: their distances are those of a logarithmic axis.
            ticks = [(float(np.log10(value)), f"{value:g}") for value in x]
            self.getPlotItem().getAxis("bottom").setTicks([ticks])
            x = np.log10(x)
        marker = "o" if len(x) < 2 * LOGARITHMIC_RATIO else None
        self.plot(
            x,
            np.asarray(series.y),
            pen=self.pen(shade, 1.5),
            symbol=marker,
            symbolSize=5,
            symbolBrush=shade,
            symbolPen=self.pen(shade),
        )

    def _add_matrix(self, rows: tuple[Series, ...]) -> None:
        """Show a value from −1 to 1 for each pair of names, as colours from blue to red."""
        image = pg.ImageItem(np.array([row.y for row in rows]), axisOrder="row-major")
        image.setColorMap(pg.colormap.get("CET-D1"))
        image.setLevels((-1.0, 1.0))
        self.addItem(image)
        ticks = [(i + 0.5, row.name) for i, row in enumerate(rows)]
        for side in ("bottom", "left"):
            self.getPlotItem().getAxis(side).setTicks([ticks])
        self.enableAutoRange()

    def _add_bars(self, series: Series, index: int, count: int, shade: str) -> None:
        width = BARS_WIDTH / count
        x = np.arange(len(series.x)) + (index - (count - 1) / 2) * width
        self.addItem(pg.BarGraphItem(x=x, height=np.asarray(series.y), width=width, brush=shade))
        ticks = [(float(place), str(name)) for place, name in enumerate(series.x)]
        self.getPlotItem().getAxis("bottom").setTicks([ticks])
        self.getPlotItem().setLabel("left", f"{escape(series.y_name)} (samples, images)", **LABEL)

    def dress(self) -> None:
        """Apply the colours of the current scheme."""
        super().dress()
        self.show_measurement(self._measurement)
