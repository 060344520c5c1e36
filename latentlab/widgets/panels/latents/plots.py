"""Plots of what the latents carry: KL by dimension and epoch, its two parts, distributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, override

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal, Slot

from latentlab.session.palette import CLASS_COLOURS
from latentlab.widgets.kit.plot import Plot
from latentlab.widgets.kit.theme import colours, faint

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from latentlab.session.latent_curves import LatentCurves

COLUMNS = 600
"""Epochs that a heat map shows apart."""
BINS = 60
TITLE, LEFT = 16, 30
"""Pixels: height of a title, width of the left axis, the same so that plots line up."""
LINE = 15
"""Pixels that one line of text at an axis needs."""
STEPS = tuple(step * 10**power for power in range(5) for step in (1, 2, 5))
INFORMATION, MARGINAL = CLASS_COLOURS[0], CLASS_COLOURS[6]


@dataclass(frozen=True, slots=True)
class Cell:
    """A place on the heat map: dimension from 0, epoch, and nats."""

    dimension: int
    epoch: float
    nats: float


class SlimPlot(Plot):
    """A plot that gives little room to its title, and none to hands."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.setMouseEnabled(x=False, y=False)

    @override
    def dress(self) -> None:
        """Take on the colours of the present scheme."""
        super().dress()
        # pyqtgraph reserves 30 pixels for it.
        self.getPlotItem().titleLabel.setMaximumHeight(TITLE)
        self.getPlotItem().layout.setRowFixedHeight(0, TITLE)
        self.getPlotItem().getAxis("left").setWidth(LEFT)


class HeatMap(SlimPlot):
    """KL of each dimension over the epochs, a row each, the first on top."""

    pointed = Signal(object)
    """The ``Cell`` under the cursor, or None."""
    chosen = Signal(int)
    """The dimension that was clicked."""

    def __init__(self) -> None:
        super().__init__("KL of each dimension")
        self._latents: LatentCurves | None = None
        self.image = pg.ImageItem(axisOrder="row-major")
        self.image.setColorMap(pg.colormap.get("viridis"))
        self.addItem(self.image)
        self.getViewBox().invertY(True)
        self.setMouseTracking(True)
        self.scene().sigMouseMoved.connect(self._on_moved)
        self.scene().sigMouseClicked.connect(self._on_clicked)

    def show_latents(self, latents: LatentCurves) -> None:
        """Draw the KL of E epochs and D dimensions."""
        self._latents = latents
        first, last = latents.epochs[0], latents.epochs[-1]
        count = int(min(COLUMNS, last - first + 1))
        at = np.searchsorted(latents.epochs, np.linspace(first, last, count), side="right") - 1
        dims = latents.kl.shape[1]
        self.image.setImage(latents.kl[at].T, levels=(0.0, top(latents)))
        self.image.setRect(QRectF(first - 0.5, 0.5, last - first + 1, dims))
        self.setRange(xRange=(first - 0.5, last + 0.5), yRange=(0.5, dims + 0.5), padding=0)
        _count_epochs(self, latents)
        self._label()

    def _label(self) -> None:
        if self._latents is not None:
            dims, room = self._latents.kl.shape[1], self.getViewBox().height()
            self.getAxis("left").setTicks([_ticks(1, dims, max(2, int(room / LINE)), "z{}"), []])

    def resizeEvent(self, event: QEvent) -> None:
        """Name as many dimensions as there is room for."""
        super().resizeEvent(event)
        if hasattr(self, "_latents"):
            self._label()

    def cell_at(self, place: QPointF) -> Cell | None:
        """Return what lies at a place, in epochs and dimensions from 1."""
        shown = self._latents
        if shown is None:
            return None
        dimension = round(place.y()) - 1
        row = int(np.abs(shown.epochs - place.x()).argmin())
        if not 0 <= dimension < shown.kl.shape[1] or abs(shown.epochs[row] - place.x()) > 1:
            return None
        return Cell(dimension, float(shown.epochs[row]), float(shown.kl[row, dimension]))

    def _cell(self, scene: QPointF) -> Cell | None:
        inside = self.getViewBox().sceneBoundingRect().contains(scene)
        return self.cell_at(self.getViewBox().mapSceneToView(scene)) if inside else None

    @Slot(object)
    def _on_moved(self, scene: QPointF) -> None:
        self.pointed.emit(self._cell(scene))

    @Slot(object)
    def _on_clicked(self, event: pg.GraphicsScene.mouseEvents.MouseClickEvent) -> None:
        cell = self._cell(event.scenePos())
        if cell and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(cell.dimension)

    def leaveEvent(self, event: QEvent) -> None:
        """Say that nothing is under the cursor."""
        self.pointed.emit(None)
        super().leaveEvent(event)


class SplitPlot(SlimPlot):
    """The mean KL in its two parts, over the epochs."""

    def __init__(self) -> None:
        dash = '<span style="color:{}">━</span> {}'
        parts = [dash.format(INFORMATION, "I(x; z)"), dash.format(MARGINAL, "KL(q(z) ‖ p(z))")]
        super().__init__("&nbsp;&nbsp;".join(parts))
        self.getAxis("left").setStyle(maxTickLevel=0)
        self.cap = pg.InfiniteLine(angle=0)
        self.addItem(self.cap, ignoreBounds=True)
        self.information, self.marginal = (
            self.plot(pen=self.pen(colour, 2), symbolBrush=colour, symbolSize=5, symbol=None)
            for colour in (INFORMATION, MARGINAL)
        )
        self.setYRange(0, 1)
        self.dress()

    @override
    def dress(self) -> None:
        """Take on the colours of the present scheme."""
        super().dress()
        self.cap.setPen(self.pen(colours().muted, 1, Qt.PenStyle.DotLine))

    def show_latents(self, latents: LatentCurves) -> None:
        """Draw both lines, and dotted the most that I can be."""
        single = "o" if len(latents.epochs) == 1 else None
        parts = (latents.mutual_information, latents.marginal_kl)
        for line, values in zip((self.information, self.marginal), parts, strict=True):
            line.setData(latents.epochs, values, symbol=single)
        self.setXRange(latents.epochs[0] - 0.5, latents.epochs[-1] + 0.5, padding=0)
        _count_epochs(self, latents)
        cap = float(np.log(max(1, latents.images)))
        self.cap.setValue(cap)
        highest = max(_high(values) for values in parts)
        near = cap if parts[0][-1] > 0.6 * cap else 0.0
        self.setYRange(0, max(highest, near, 0.1), padding=0.06)


class Distribution(SlimPlot):
    """A histogram of values over the data, and what the prior would have.

    Parameters
    ----------
    title : str
        Of what.
    expected : callable or float
        The density that the prior has, or the one value.
    limits : tuple of float
        The least that is shown.
    """

    def __init__(
        self,
        title: str,
        expected: Callable[[NDArray[np.float64]], NDArray[np.float64]] | float,
        limits: tuple[float, float],
    ) -> None:
        super().__init__(title)
        self._limits = limits
        self._expected = expected
        self.getPlotItem().hideAxis("left")
        self.bars = self.plot(stepMode="center", fillLevel=0)
        self.expected = self.plot() if callable(expected) else pg.InfiniteLine(expected)
        if not callable(expected):
            self.addItem(self.expected, ignoreBounds=True)
        self.dress()

    @override
    def dress(self) -> None:
        """Take on the colours of the present scheme."""
        super().dress()
        accent = colours().accent
        self.bars.setPen(self.pen(accent))
        self.bars.setBrush(faint(accent, 0.35))
        pen = self.pen(colours().text, 1.5, Qt.PenStyle.DashLine)
        self.expected.setPen(pen)

    def show_values(self, values: NDArray[np.float32]) -> None:
        """Draw the histogram of values of any shape; those far outside lie in the last bars."""
        values = values[np.isfinite(values)]
        low, high = self._reach(values)
        edges = np.linspace(low, high, BINS + 1)
        counts, _ = np.histogram(np.clip(values, low, high), edges)
        density = counts / max(1, len(values)) / (edges[1] - edges[0])
        self.bars.setData(edges, density)
        tallest = float(density.max(initial=0.0))
        if callable(self._expected):
            x = np.linspace(low, high, 121)
            self.expected.setData(x, self._expected(x))
            tallest = max(tallest, float(self._expected(x).max()))
        self.setRange(xRange=(low, high), yRange=(0, tallest or 1.0), padding=0.02)

    def _reach(self, values: NDArray[np.float32]) -> tuple[float, float]:
        """Return limits in whole steps, so that training does not make them jitter."""
        low, high = self._limits
        if not len(values):
            return low, high
        least, most = np.quantile(values, (0.002, 0.998))
        return min(low, float(np.floor(least))), max(high, float(np.ceil(2 * most) / 2))


def normal(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the density of N(0, 1)."""
    density: NDArray[np.float64] = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
    return density


def top(latents: LatentCurves) -> float:
    """Return the nats that the brightest colour stands for."""
    return max(_high(latents.kl), 0.1)


def _high(values: NDArray[np.float64]) -> float:
    """Return the highest value but for a few, such as those of the first epoch of a long run."""
    finite = values[np.isfinite(values)]
    return float(np.quantile(finite, 0.99)) if len(finite) else 0.0


def _count_epochs(plot: Plot, latents: LatentCurves) -> None:
    """Write epochs below a plot, which pyqtgraph would part into halves where they are few."""
    ticks = _ticks(latents.epochs[0], latents.epochs[-1], 7)
    plot.getAxis("bottom").setTicks([ticks, []])


def _ticks(first: float, last: float, most: int, text: str = "{}") -> list[tuple[float, str]]:
    """Return at most so many whole numbers to write at an axis, evenly apart."""
    step = next((step for step in STEPS if last - first < step * most), STEPS[-1])
    start = step * -(-int(first) // step)
    return [(float(place), text.format(place)) for place in range(start, int(last) + 1, step)]
