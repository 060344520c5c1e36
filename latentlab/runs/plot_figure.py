"""Plots and sheets of images as vector graphics, drawn with matplotlib.

Matplotlib draws from plain data in the lane's thread, on white paper and with fonts as text, so
that a figure fits into a document. Qt could only paint the widget itself, on the GUI thread and in
the colours of the screen.
"""

from __future__ import annotations

import io
import json
from functools import singledispatch
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from latentlab.atomic_write import write_atomically
from latentlab.errors import RunError
from latentlab.runs.image_files import SOFTWARE, save_image
from latentlab.session.export import PICTURES, VECTORS, check_suffix
from latentlab.session.files.figure import (
    Bars,
    Ellipse,
    Figure,
    Line,
    Mark,
    Points,
    Raster,
    Rule,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.session.files.figure import Layer, PlotAxis

DPI = 100
"""Pixels per inch at scale 1."""
MAX_VECTOR_POINTS = 20_000
"""Maximum number of points that are drawn as vectors; more are embedded as an image."""
FAINT = 0.12
"""Opacity of points outside a selection."""
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text
    "pdf.fonttype": 42,
    "svg.hashsalt": "latentlab",  # the same figure gives the same file
    "font.size": 9,
    "text.parse_math": False,  # a dollar sign in a name is no formula
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8b95a7",
    "axes.linewidth": 0.8,
    "axes.labelcolor": "#1c2230",
    "xtick.color": "#5b6472",
    "ytick.color": "#5b6472",
}

NAME_POINTS = 7
"""Size of the names beside points."""


def save_figure(figure: Figure, path: Path, info: Mapping[str, Any], scale: int = 2) -> None:
    """Write a plot as SVG, PDF or an image with metadata, depending on the ending of `path`.

    Raises
    ------
    RunError
        If the ending is unknown, or the file cannot be written.
    """
    kind = check_suffix(path, PICTURES)
    if kind in VECTORS:
        write_atomically(path, vector_bytes(draw(figure), kind, info))
    else:
        save_image(raster(draw(figure), scale), path, info)


def draw(figure: Figure) -> Canvas:
    """Return a plot as a figure of matplotlib."""
    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=figure.size, layout="constrained")
        axes = canvas.subplots()
        axes.set_axisbelow(True)
        # Set first: the size of points and of text depends on it.
        axes.set(xlim=figure.x.limits, ylim=figure.y.limits)
        if figure.is_square:
            axes.set_aspect("equal", adjustable="box")
        for layer in figure.layers:
            add_layer(layer, axes)
        _set_axis(axes.xaxis, figure.x)
        _set_axis(axes.yaxis, figure.y)
        axes.set(xlim=figure.x.limits, ylim=figure.y.limits, title=figure.title)
        axes.spines["left"].set_visible(figure.y.shown)
        axes.spines["bottom"].set_visible(figure.x.shown)
        _add_legend(axes, figure)
    return canvas


def vector_bytes(canvas: Canvas, kind: str, info: Mapping[str, Any]) -> bytes:
    """Return the bytes of an SVG or PDF file that carries `info` in its metadata.

    Raises
    ------
    RunError
        If matplotlib cannot draw the figure.
    """
    text, content = json.dumps(info), io.BytesIO()
    metadata: dict[str, Any] = {"Creator": SOFTWARE}
    if kind == "svg":
        metadata |= {"Description": text, "Date": None}
    else:
        metadata |= {"Subject": text, "CreationDate": None}
    try:
        with mpl.rc_context(STYLE):
            canvas.savefig(content, format=kind, dpi=3 * DPI, metadata=metadata)
    except (OSError, ValueError) as error:
        raise RunError(f"The figure cannot be drawn: {error}.", "Save it as .png.") from error
    return content.getvalue()


def raster(canvas: Canvas, scale: int = 2) -> NDArray[np.uint8]:
    """Return a figure as pixels of shape (H, W, 3)."""
    with mpl.rc_context(STYLE):
        canvas.set_dpi(DPI * scale)
        painter = FigureCanvasAgg(canvas)
        painter.draw()
        return np.ascontiguousarray(np.asarray(painter.buffer_rgba())[..., :3])


@singledispatch
def add_layer(layer: Layer, axes: Axes) -> None:
    """Draw one layer."""
    raise NotImplementedError(type(layer).__name__)


@add_layer.register
def _(layer: Points, axes: Axes) -> None:
    colours = np.column_stack([layer.palette[layer.index] / 255, np.ones(len(layer.index))])
    if layer.selected is not None:
        colours[~layer.selected, 3] = FAINT
    many = len(layer.xy) > MAX_VECTOR_POINTS
    area = (0.4 if many else 1.0) * layer.size**2
    x, y = layer.xy.T
    axes.scatter(x, y, s=area, c=colours, linewidths=0, rasterized=many)


@add_layer.register
def _(layer: Line, axes: Axes) -> None:
    style = "--" if layer.dashed else "-"
    if layer.stepped:
        axes.stairs(layer.y, layer.x, color=layer.colour, linewidth=layer.width, linestyle=style)
        if layer.filled:
            axes.stairs(layer.y, layer.x, color=layer.filled, fill=True, linewidth=0)
        return
    marker: dict[str, Any] = {"marker": "o", "markersize": layer.marker} if layer.marker else {}
    axes.plot(
        layer.x, layer.y, color=layer.colour, linewidth=layer.width, linestyle=style, **marker
    )
    if layer.filled:
        axes.fill_between(layer.x, layer.y, color=layer.filled, linewidth=0)


@add_layer.register
def _(layer: Bars, axes: Axes) -> None:
    axes.bar(layer.x, layer.height, layer.width, color=layer.colours)


@add_layer.register
def _(layer: Raster, axes: Axes) -> None:
    aspect = axes.get_aspect()
    grey: dict[str, Any] = (
        {"cmap": "gray", "vmin": 0, "vmax": 255} if layer.pixels.ndim == 2 else {}
    )
    axes.imshow(
        layer.pixels,
        extent=layer.extent,
        alpha=layer.opacity,
        interpolation="none",
        aspect=aspect,
        zorder=0.5,
        **grey,
    )


@add_layer.register
def _(layer: Rule, axes: Axes) -> None:
    if layer.x is not None:
        axes.axvline(layer.x, color=layer.colour, linewidth=layer.width, linestyle="--")
    if layer.y is not None:
        axes.axhline(layer.y, color=layer.colour, linewidth=layer.width, linestyle="--")


@add_layer.register
def _(layer: Ellipse, axes: Axes) -> None:
    a, b, c, d = layer.matrix
    angles = np.linspace(0, 2 * np.pi, 97)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    x, y = (circle @ np.array([[a, b], [c, d]]) + layer.centre).T
    axes.plot(x, y, color=layer.colour, linewidth=0.8, linestyle="--" if layer.dashed else "-")
    if layer.filled:
        axes.fill(x, y, color=layer.filled, linewidth=0)


@add_layer.register
def _(layer: Mark, axes: Axes) -> None:
    size = 11 if layer.letter else 9
    axes.plot(
        [layer.x], [layer.y], layer.shape, color=layer.colour, markersize=size, markeredgewidth=1.6
    )
    if layer.letter:
        axes.annotate(
            layer.letter, (layer.x, layer.y), color="white", ha="center", va="center", fontsize=7
        )


@add_layer.register
def _(layer: Text, axes: Axes) -> None:
    axes.annotate(
        layer.text,
        (layer.x, layer.y),
        xytext=(-4 if layer.is_left else 4, 3),
        textcoords="offset points",
        ha="right" if layer.is_left else "left",
        color=layer.colour,
        fontsize=NAME_POINTS,
    )


def _set_axis(axis: Any, record: PlotAxis) -> None:
    axis.set_label_text(record.label)
    if not record.shown:
        axis.set_ticks([])
    elif record.ticks is not None:
        axis.set_ticks([place for place, _ in record.ticks], [text for _, text in record.ticks])


def _add_legend(axes: Axes, figure: Figure) -> None:
    if not figure.legend:
        return
    handles = [
        axes.plot([], [], "o", color=colour, markersize=5, label=name)[0]
        for name, colour in figure.legend
    ]
    axes.legend(
        handles=handles, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8
    )
