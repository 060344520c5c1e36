"""Plots of the latents: KL by dimension and epoch, its two parts, and histograms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, override

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal, Slot

from latentlab.learning.events import ACTIVE_KL, is_active, is_weak
from latentlab.session.palette import CLASS_COLOURS
from latentlab.widgets.kit.plot import Plot
from latentlab.widgets.kit.theme import colours, faint

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from latentlab.session.curves.latent_curves import LatentCurves

MAX_HEAT_MAP_COLUMNS = 600
"""Maximum number of columns of the heat map."""
BINS = 60
TITLE, LEFT = 16, 30
"""Height of a title and width of the left axis in pixels, equal in all plots to align them."""
TICK_LABEL_HEIGHT = 15
"""Height of a tick label, in pixels."""
TICK_LABEL_WIDTH = 30
"""Width of the label of a dimension with its gap, in pixels."""
BAR_WIDTH = 0.8
"""Width of a bar, in dimensions."""
STEPS = tuple(step * 10**power for power in range(5) for step in (1, 2, 5))
INFORMATION, MARGINAL = CLASS_COLOURS[0], CLASS_COLOURS[6]


@dataclass(frozen=True, slots=True)
class Cell:
    """KL of a dimension in nats per image; the dimension counts from 0.

    The epoch is None for the codes of a model without a log.
    """

    dimension: int
    epoch: float | None
    nats: float


class CompactPlot(Plot):
    """Plot with a small title and without mouse interaction."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.setMouseEnabled(x=False, y=False)

    @override
    def dress(self) -> None:
        """Apply the colours of the current theme."""
        super().dress()
        # pyqtgraph reserves 30 pixels for the title.
        self.getPlotItem().titleLabel.setMaximumHeight(TITLE)
        # A title wider than the plot would otherwise push it out of its widget.
        self.getPlotItem().titleLabel.setMinimumWidth(0)
        self.getPlotItem().layout.setRowFixedHeight(0, TITLE)
        self.getPlotItem().getAxis("left").setWidth(LEFT)


class DimensionPlot(CompactPlot):
    """Plot whose parts stand for dimensions, which can be pointed at and clicked."""

    pointed = Signal(object)
    """``Cell`` under the cursor, or None."""
    chosen = Signal(int)
    """Dimension that was clicked, from 0."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.setMouseTracking(True)
        self.scene().sigMouseMoved.connect(self._on_moved)
        self.scene().sigMouseClicked.connect(self._on_clicked)

    def cell_at(self, place: QPointF) -> Cell | None:
        """Return what is at a position in data coordinates, or None."""
        raise NotImplementedError

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
        """Emit None."""
        self.pointed.emit(None)
        super().leaveEvent(event)


class HeatMap(DimensionPlot):
    """KL of each dimension over the epochs, one row per dimension, the first on top."""

    def __init__(self) -> None:
        super().__init__("KL of each dimension")
        self._latents: LatentCurves | None = None
        self.image = pg.ImageItem(axisOrder="row-major")
        self.image.setColorMap(pg.colormap.get("viridis"))
        self.addItem(self.image)
        self.getViewBox().invertY(True)

    def show_latents(self, latents: LatentCurves) -> None:
        """Draw the KL of each dimension and epoch."""
        self._latents = latents
        first, last = latents.epochs[0], latents.epochs[-1]
        count = int(min(MAX_HEAT_MAP_COLUMNS, last - first + 1))
        at = np.searchsorted(latents.epochs, np.linspace(first, last, count), side="right") - 1
        dims = latents.kl.shape[1]
        self.image.setImage(latents.kl[at].T, levels=(0.0, max_kl(latents)))
        self.image.setRect(QRectF(first - 0.5, 0.5, last - first + 1, dims))
        self.setRange(xRange=(first - 0.5, last + 0.5), yRange=(0.5, dims + 0.5), padding=0)
        _set_epoch_ticks(self, latents)
        self._label()

    def _label(self) -> None:
        if self._latents is not None:
            dims, height = self._latents.kl.shape[1], self.getViewBox().height()
            self.getAxis("left").setTicks(
                [_dimension_ticks(dims, max(2, int(height / TICK_LABEL_HEIGHT))), []]
            )

    def resizeEvent(self, event: QEvent) -> None:
        """Label as many dimensions as fit."""
        super().resizeEvent(event)
        if hasattr(self, "_latents"):
            self._label()

    @override
    def cell_at(self, place: QPointF) -> Cell | None:
        """Return the cell at data coordinates (epoch, dimension from 1), or None."""
        latents = self._latents
        if latents is None:
            return None
        dimension = round(place.y()) - 1
        row = int(np.abs(latents.epochs - place.x()).argmin())
        if not 0 <= dimension < latents.kl.shape[1] or abs(latents.epochs[row] - place.x()) > 1:
            return None
        return Cell(dimension, float(latents.epochs[row]), float(latents.kl[row, dimension]))


class KlBars(DimensionPlot):
    """KL of each dimension of a model without a log, one bar per dimension."""

    def __init__(self) -> None:
        super().__init__("KL of each dimension")
        self._kl: NDArray[np.float64] = np.empty(0)
        self.bars = pg.BarGraphItem(x=[], height=[], width=BAR_WIDTH)
        self.addItem(self.bars)
        self.dress()

    @override
    def dress(self) -> None:
        """Apply the colours of the current theme."""
        super().dress()
        self.show_kl(self._kl)

    def show_kl(self, kl: NDArray[np.float64]) -> None:
        """Draw one bar per dimension; inactive ones are grey, weak ones pale."""
        self._kl = kl
        c = colours()
        shades = [pg.mkBrush(c) for c in (faint(c.muted, 0.6), faint(c.accent, 0.4), c.accent)]
        brushes = [
            shades[each] for each in is_active(kl) + (is_active(kl) & ~is_weak(kl)).astype(int)
        ]
        x = np.arange(1, len(kl) + 1)
        self.bars.setOpts(x=x, height=kl, width=BAR_WIDTH, brushes=brushes, pen=pg.mkPen(None))
        top = max(float(kl.max(initial=0.0)), ACTIVE_KL)
        self.setRange(xRange=(0.5, len(kl) + 0.5), yRange=(0, 1.05 * top), padding=0)
        self._label()

    def _label(self) -> None:
        count = max(2, int(self.getViewBox().width() / TICK_LABEL_WIDTH))
        self.getAxis("bottom").setTicks([_dimension_ticks(max(1, len(self._kl)), count), []])

    def resizeEvent(self, event: QEvent) -> None:
        """Label as many dimensions as fit."""
        super().resizeEvent(event)
        if hasattr(self, "_kl"):
            self._label()

    @override
    def cell_at(self, place: QPointF) -> Cell | None:
        """Return the dimension at a position of the x axis, or None."""
        dimension = round(place.x()) - 1
        if not 0 <= dimension < len(self._kl):
            return None
        return Cell(dimension, None, float(self._kl[dimension]))


class KlSplitPlot(CompactPlot):
    """The two parts of the mean KL over the epochs: I(x; z) and KL(q(z) ‖ p(z))."""

    def __init__(self) -> None:
        dash = '<span style="color:{}">━</span> {}'
        parts = [dash.format(INFORMATION, "information"), dash.format(MARGINAL, "KL to prior")]
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
        """Apply the colours of the current theme."""
        super().dress()
        self.cap.setPen(self.pen(colours().muted, 1, Qt.PenStyle.DotLine))

    def show_latents(self, latents: LatentCurves) -> None:
        """Draw both parts, and the upper bound log N of I(x; z) as a dotted line."""
        single = "o" if len(latents.epochs) == 1 else None
        parts = (latents.mutual_information, latents.marginal_kl)
        for line, values in zip((self.information, self.marginal), parts, strict=True):
            line.setData(latents.epochs, values, symbol=single)
        self.setXRange(latents.epochs[0] - 0.5, latents.epochs[-1] + 0.5, padding=0)
        _set_epoch_ticks(self, latents)
        cap = float(np.log(max(1, latents.images)))
        self.cap.setValue(cap)
        highest = max(_robust_max(values) for values in parts)
        bound = cap if parts[0][-1] > 0.6 * cap else 0.0
        self.setYRange(0, max(highest, bound, 0.1), padding=0.06)


class Distribution(CompactPlot):
    """Histogram of values over the data, with the density expected under the prior.

    Parameters
    ----------
    name : str
        Name of the values.
    prior : str
        What the title says of the prior.
    expected : callable or float
        Density under the prior, or its only value.
    limits : tuple of float
        Minimum range of the x axis.
    """

    def __init__(
        self,
        name: str,
        prior: str,
        expected: Callable[[NDArray[np.float64]], NDArray[np.float64]] | float,
        limits: tuple[float, float],
    ) -> None:
        super().__init__(f"{name} and {prior}")
        self._names = name, prior
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
        """Apply the colours of the current theme."""
        super().dress()
        accent = colours().accent
        self.bars.setPen(self.pen(accent))
        self.bars.setBrush(faint(accent, 0.35))
        pen = self.pen(colours().text, 1.5, Qt.PenStyle.DashLine)
        self.expected.setPen(pen)

    def show_prior(self, *, has_prior: bool) -> None:
        """Show what is expected under N(0, 1), if this is the prior."""
        if has_prior != self.expected.isVisible():
            name, prior = self._names
            self.expected.setVisible(has_prior)
            self._title = f"{name} and {prior}" if has_prior else name
            self.dress()

    def show_values(self, values: NDArray[np.float32]) -> None:
        """Draw the histogram of values of any shape; outliers count in the outermost bins."""
        values = values[np.isfinite(values)]
        low, high = self._x_limits(values)
        edges = np.linspace(low, high, BINS + 1)
        counts, _ = np.histogram(np.clip(values, low, high), edges)
        density = counts / max(1, len(values)) / (edges[1] - edges[0])
        self.bars.setData(edges, density)
        tallest = float(density.max(initial=0.0))
        if callable(self._expected) and self.expected.isVisible():
            x = np.linspace(low, high, 121)
            self.expected.setData(x, self._expected(x))
            tallest = max(tallest, float(self._expected(x).max()))
        self.setRange(xRange=(low, high), yRange=(0, tallest or 1.0), padding=0.02)

    def _x_limits(self, values: NDArray[np.float32]) -> tuple[float, float]:
        """Return limits rounded outwards, so that they do not jitter during training."""
        low, high = self._limits
        if not len(values):
            return low, high
        lowest, highest = np.quantile(values, (0.002, 0.998))
        return min(low, float(np.floor(lowest))), max(high, float(np.ceil(2 * highest) / 2))


def standard_normal_pdf(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the density of N(0, 1)."""
    density: NDArray[np.float64] = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
    return density


def max_kl(latents: LatentCurves) -> float:
    """Return the KL of the brightest colour, in nats."""
    return max(_robust_max(latents.kl), 0.1)


def _robust_max(values: NDArray[np.float64]) -> float:
    """Return the 0.99 quantile: outliers, as in the first epoch of a long run, do not count."""
    finite = values[np.isfinite(values)]
    return float(np.quantile(finite, 0.99)) if len(finite) else 0.0


def _set_epoch_ticks(plot: Plot, latents: LatentCurves) -> None:
    """Set whole epochs as ticks: with few epochs, pyqtgraph labels halves too."""
    ticks = _ticks(latents.epochs[0], latents.epochs[-1], 7)
    plot.getAxis("bottom").setTicks([ticks, []])


def _ticks(first: float, last: float, count: int) -> list[tuple[float, str]]:
    """Return at most `count` evenly spaced integer ticks of an axis, multiples of their step."""
    step = _step(last - first, count)
    start = step * -(-int(first) // step)
    return [(float(tick), str(tick)) for tick in range(start, int(last) + 1, step)]


def _dimension_ticks(size: int, count: int) -> list[tuple[float, str]]:
    """Return at most `count` evenly spaced ticks of dimensions, from the first."""
    return [(float(d), f"z{d}") for d in range(1, size + 1, _step(size - 1, count))]


def _step(length: float, count: int) -> int:
    fitting = (step for step in STEPS if length < step * count)
    return int(next(fitting, STEPS[-1]))
