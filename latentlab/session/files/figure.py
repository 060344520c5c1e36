"""Drawing of a plot as plain data, which the lane writes as SVG, PDF or an image.

A widget describes what it shows as layers; `latentlab.runs.figures` draws them with matplotlib,
off the GUI thread and on white paper, whatever the colours of the window are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.session.request import Lifetime, Priority, Request, SaveFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray


Colour = tuple[float, float, float, float]
"""Red, green, blue and opacity, from 0 to 1."""
SHEET_INCHES = 5.0
"""Length of the longer side of a sheet of images."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Points with indexed colours.

    Parameters
    ----------
    xy : ndarray of float, shape (N, 2)
        Positions.
    index : ndarray of uint8, shape (N,)
        Row of the palette for each point.
    palette : ndarray of uint8, shape (K, 3)
        RGB colours.
    size : float
        Diameter in points.
    selected : ndarray of bool, shape (N,), or None
        Points outside the selection are faint.
    """

    xy: NDArray[Any] = field(repr=False)
    index: NDArray[Any] = field(repr=False)
    palette: NDArray[Any] = field(repr=False)
    size: float = 3.0
    selected: NDArray[Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Line through points, with optional markers and an optional filled area down to a level."""

    x: NDArray[Any] = field(repr=False)
    y: NDArray[Any] = field(repr=False)
    colour: Colour
    width: float = 1.0
    dashed: bool = False
    marker: float = 0.0
    """Diameter of the markers in points; 0 for none."""
    filled: Colour | None = None
    stepped: bool = False
    """Whether `x` holds the N + 1 edges of a histogram with N values `y`."""


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Bars from zero, each with its colour."""

    x: NDArray[Any] = field(repr=False)
    height: NDArray[Any] = field(repr=False)
    width: float
    colours: tuple[Colour, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """Image over a rectangle (left, right, bottom, top) in data coordinates.

    ``pixels`` has shape (H, W), (H, W, 3) or (H, W, 4), the upper row first.
    """

    pixels: NDArray[Any] = field(repr=False)
    extent: tuple[float, float, float, float]
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Rule:
    """Line across the whole plot, vertical at `x` or horizontal at `y`."""

    colour: Colour
    x: float | None = None
    y: float | None = None
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class Ellipse:
    """Outline of the unit circle mapped by a matrix (a, b, c, d) around a centre."""

    centre: tuple[float, float]
    matrix: tuple[float, float, float, float]
    colour: Colour
    dashed: bool = False
    filled: Colour | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """Marker at a position, with an optional letter inside: ``"+"`` or ``"o"``."""

    x: float
    y: float
    shape: str
    colour: Colour
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """Small text above a position, to its right or to its left."""

    x: float
    y: float
    text: str
    colour: Colour
    is_left: bool = False


Layer = Points | Line | Bars | Raster | Rule | Ellipse | Mark | Text
Ticks = tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class PlotAxis:
    """Axis: label, range, and ticks if they are not the usual numbers."""

    label: str = ""
    limits: tuple[float, float] = (0.0, 1.0)
    ticks: Ticks | None = None
    logarithmic: bool = False
    """Whether values are exponents of ten."""
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Figure:
    """Plot as layers from back to front.

    Parameters
    ----------
    layers : tuple of Layer
        What is drawn.
    x, y : PlotAxis
        Axes.
    title : str
        Plain text above the plot.
    size : (float, float)
        Width and height in inches.
    is_square : bool
        Whether a unit is as long on both axes.
    legend : tuple of (str, Colour)
        Names and their colours.
    """

    layers: tuple[Layer, ...] = field(repr=False)
    x: PlotAxis = field(default=PlotAxis())
    y: PlotAxis = field(default=PlotAxis())
    title: str = ""
    size: tuple[float, float] = (4.8, 3.6)
    is_square: bool = False
    legend: tuple[tuple[str, Colour], ...] = ()


@dataclass(frozen=True, slots=True)
class SaveFigure(SaveFile):
    """Write a plot as SVG, PDF or an image, depending on the ending."""

    figure: Figure
    path: Path
    info: Mapping[str, Any] = field(repr=False)
    scale: int = 2


@dataclass(frozen=True, slots=True)
class DrawnFigure:
    """Plot as the text of an SVG file and as the bytes of a PNG file."""

    figure: Figure
    svg: bytes = field(repr=False)
    png: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DrawFigure(Request["DrawnFigure"]):
    """Draw a plot for the clipboard."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    figure: Figure
    info: Mapping[str, Any] = field(repr=False)


def sheet_figure(pixels: NDArray[Any], axes: tuple[PlotAxis, PlotAxis] | None = None) -> Figure:
    """Return an image as a figure without axes, or over the given ones.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (H, W) or (H, W, 3)
        Image, which is embedded as it is.
    axes : (PlotAxis, PlotAxis), optional
        Axes; their limits are the edges of the image.
    """
    height, width = pixels.shape[:2]
    hidden = PlotAxis(limits=(0, width), shown=False), PlotAxis(limits=(0, height), shown=False)
    x, y = axes or hidden
    inches = SHEET_INCHES / max(height, width)
    size = (width * inches, height * inches)
    if axes:
        size = (size[0] + 0.6, size[1] + 0.5)
    return Figure((Raster(pixels, (*x.limits, *y.limits)),), x, y, size=size, is_square=not axes)
