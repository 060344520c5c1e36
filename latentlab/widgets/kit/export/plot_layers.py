"""What a pyqtgraph plot shows, as a `Figure`: one function per kind of item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from functools import singledispatch
from html import unescape
from re import sub
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage

from latentlab.session.files.figure import (
    Bars,
    Colour,
    Figure,
    Layer,
    Line,
    Mark,
    PlotAxis,
    Raster,
    Rule,
)
from latentlab.widgets.kit.theme import DARK, LIGHT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.session.files.figure import Ticks

PIXELS_PER_INCH = 96
INKS = {QColor(getattr(DARK, each.name)).rgb(): getattr(LIGHT, each.name) for each in fields(DARK)}
"""Colours of the dark scheme, and those that replace them on paper."""


@runtime_checkable
class Layered(Protocol):
    """Graphics item that describes itself."""

    def layers(self) -> Iterable[Layer]:
        """Return what the item draws, from back to front, in data coordinates."""


def figure_of(
    plot: pg.PlotWidget, legend: tuple[tuple[str, Colour], ...] = (), caption: str = ""
) -> Figure:
    """Return what a plot shows; the arrays are not copied.

    Parameters
    ----------
    plot : PlotWidget
        The plot.
    legend : tuple of (str, Colour)
        Names and colours beside the plot.
    caption : str
        Title if the plot has none.
    """
    item = plot.getPlotItem()
    shown = sorted((each for each in item.items if each.isVisible()), key=_depth)
    layers = tuple(layer for each in shown for layer in layers_of(each))
    view = item.getViewBox()
    (left, right), (low, high) = view.viewRange()
    y_limits = (high, low) if view.yInverted() else (low, high)
    size = (plot.width() / PIXELS_PER_INCH, plot.height() / PIXELS_PER_INCH)
    label = item.titleLabel
    return Figure(
        layers,
        _axis(item, "bottom", (left, right)),
        _axis(item, "left", y_limits),
        plain_text(label.text) if label.isVisible() else caption,
        (max(2.5, size[0]), max(2.0, size[1])),
        is_square=bool(view.state["aspectLocked"]),
        legend=legend,
    )


def plain_text(html: str) -> str:
    """Return the text of a rich text."""
    return unescape(sub(r"<[^>]*>", "", html)).replace("\xa0", " ").replace("━ ", "").strip()


def ink(colour: QColor, opacity: float = 1.0) -> Colour:
    """Return a colour for white paper: colours of the dark scheme get their light counterpart."""
    replaced = QColor(INKS.get(colour.rgb() | 0xFF000000, colour))
    return (
        replaced.redF(),
        replaced.greenF(),
        replaced.blueF(),
        colour.alphaF() * opacity,
    )


@singledispatch
def layers_of(item: object) -> Iterable[Layer]:
    """Return the layers of a graphics item; none for handles and other tools."""
    return item.layers() if isinstance(item, Layered) else ()


@layers_of.register
def _(item: pg.PlotDataItem) -> Iterable[Layer]:
    x, y = item.getData()
    if x is None or not len(x):
        return
    pen, options = pg.mkPen(item.opts["pen"]), item.opts
    has_line = pen.style() is not Qt.PenStyle.NoPen and item.opts["pen"] is not None
    marker = float(options["symbolSize"]) if options["symbol"] else 0.0
    if not has_line and not marker:
        return
    brush, filled = options["fillBrush"], options["fillLevel"] is not None
    colour = pen.color() if has_line else pg.mkPen(options["symbolPen"]).color()
    yield Line(
        np.asarray(x),
        np.asarray(y),
        ink(colour),
        _width(pen) if has_line else 0.0,
        dashed=pen.style() not in (Qt.PenStyle.SolidLine, Qt.PenStyle.NoPen),
        marker=0.6 * marker,
        filled=ink(pg.mkBrush(brush).color()) if filled and brush is not None else None,
        stepped=bool(options["stepMode"]),
    )


@layers_of.register
def _(item: pg.BarGraphItem) -> Iterable[Layer]:
    x, height = np.asarray(item.opts["x"]), np.asarray(item.opts["height"])
    brushes = item.opts["brushes"] or [item.opts["brush"]] * len(x)
    if len(x):
        colours = tuple(ink(pg.mkBrush(brush).color()) for brush in brushes)
        yield Bars(x, height, float(item.opts["width"]), colours)


@layers_of.register
def _(item: pg.InfiniteLine) -> Iterable[Layer]:
    place = {"x" if item.angle == 90 else "y": float(item.value())}
    yield Rule(ink(item.pen.color()), width=_width(item.pen), **place)


@layers_of.register
def _(item: pg.ImageItem) -> Iterable[Layer]:
    if item.image is None:
        return
    item.render()
    rect = item.mapRectToParent(item.boundingRect())
    low, high = item.levels
    scaled = np.clip((item.image - low) / max(high - low, 1e-12), 0, 1)
    table = item.getColorMap().getLookupTable(nPts=256, alpha=False)
    pixels = table[(255 * np.nan_to_num(scaled)).astype(np.uint8)]
    # Rows count upwards in the plot, and downwards in an image.
    yield Raster(pixels[::-1], (rect.left(), rect.right(), rect.top(), rect.bottom()))


@layers_of.register
def _(item: pg.TargetItem) -> Iterable[Layer]:
    label = item.label()
    text = label.textItem.toPlainText() if label else ""
    yield Mark(item.pos().x(), item.pos().y(), "o", ink(item.brush.color()), text)


def to_array(image: QImage) -> NDArray[np.uint8]:
    """Return the pixels of an image with shape (H, W, 4)."""
    rgba = image.convertToFormat(QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(rgba.constBits(), np.uint8)
    return rows.reshape(rgba.height(), rgba.bytesPerLine() // 4, 4)[:, : rgba.width()].copy()


def _depth(item: Any) -> float:
    return float(item.zValue())


def _width(pen: Any) -> float:
    """Return the width of a pen in points; Qt counts it in pixels."""
    return max(0.6, 0.72 * float(pen.widthF()))


def _axis(item: pg.PlotItem, side: str, limits: tuple[float, float]) -> PlotAxis:
    axis = item.getAxis(side)
    ticks = _ticks(axis, limits)
    return PlotAxis(plain_text(axis.labelText), limits, ticks, bool(axis.logMode), axis.isVisible())


def _ticks(axis: pg.AxisItem, limits: tuple[float, float]) -> Ticks | None:
    """Return the ticks that the axis shows if they are not the usual numbers."""
    if axis._tickLevels is not None:
        return tuple((float(place), text) for level in axis._tickLevels for place, text in level)
    if not axis.logMode:
        return None
    low, high = sorted(limits)
    levels = axis.tickValues(low, high, max(axis.height(), 100))
    places = [place for _, places in levels for place in places]
    return tuple(zip(places, axis.tickStrings(places, 1.0, 1.0), strict=True))
