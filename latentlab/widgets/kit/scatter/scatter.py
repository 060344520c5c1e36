"""Scatter plot item for up to a million points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Signal, Slot
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem

from latentlab.latent.grid_index import Box, GridIndex
from latentlab.session.files.figure import Points
from latentlab.widgets.kit.background import BackgroundWorker
from latentlab.widgets.kit.scatter.rasterize import (
    DIM,
    RIM,
    RIM_OPACITY,
    PointColours,
    StampLayer,
    draw_points,
    point_diameter,
    render_density,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

    from latentlab.session.files.figure import Layer

Indices = NDArray[np.int32] | NDArray[np.int64]
STAMPED = 80_000
"""Maximum number of visible points that are stamped; more are rendered as a density image."""
AT_ONCE = 80_000
"""Maximum number of points that are indexed at once, in a few ms; more in the background."""
CROWD = 40
"""Maximum ratio of the points searched by `in_box` to those returned."""
BIN = 2
"""Device-independent pixels per pixel of the density image."""
ROOM = 0.5
"""Margin of the density image around the view, as a fraction of the view."""


@dataclass(frozen=True, eq=False)
class _DensityImage:
    """Density image with the data that it shows."""

    cells: GridIndex
    paint: PointColours
    selected: NDArray[np.bool_] | None
    box: Box
    scale: float
    pixels: NDArray[np.uint32]

    def covers(self, box: Box) -> bool:
        """Return whether the image covers a view."""
        left, low, right, high = self.box
        return left <= box[0] and low <= box[1] and right >= box[2] and high >= box[3]


class ScatterItem(pg.GraphicsObject):
    """Points, rasterized by numpy; a density image if too many are visible.

    Parameters
    ----------
    largest : int
        Maximum diameter of a point: 2, 3 or 5 device-independent pixels.
    """

    drawn = Signal()
    """A density image is ready; the next paint shows it."""

    def __init__(self, largest: int = 5) -> None:
        super().__init__()
        self._xy = np.empty((0, 2), np.float32)
        self._rows: NDArray[np.int64] | None = None
        self._paint = PointColours(np.empty(0, np.uint8), np.zeros((1, 3), np.uint8))
        self._selected: NDArray[np.bool_] | None = None
        self._extent = QRectF()
        self._cells: GridIndex | None = None
        self._picture: _DensityImage | None = None
        self._image = QImage()
        self._stamped: tuple[tuple[object, ...], QImage] = ((), QImage())
        """The last stamped points, and what they were stamped from."""
        self._largest = largest
        self._worker = BackgroundWorker(self)
        self._worker.done.connect(self._on_done)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def set_points(
        self, xy: NDArray[np.float32], paint: PointColours, shown: NDArray[np.bool_] | None = None
    ) -> None:
        """Set the points, of shape (N, 2); `shown` is a mask of shape (N,), by default all."""
        self.prepareGeometryChange()
        self._rows = None if shown is None else np.flatnonzero(shown)
        self._xy = np.ascontiguousarray(xy if self._rows is None else xy[self._rows], np.float32)
        self._extent = _extent(self._xy)
        self._paint = paint
        if self._selected is not None and len(self._selected) != len(xy):
            self._selected = None
        self._cells = None
        if len(self._xy) <= AT_ONCE:
            self._cells = GridIndex(self._xy)
        else:
            self._worker.run(partial(_build_cells, self._xy))
        self.update()

    def set_paint(self, paint: PointColours) -> None:
        """Set the colours of the points."""
        self._paint = paint
        self.update()

    def set_selected(self, selected: NDArray[np.bool_] | None) -> None:
        """Dim all points outside the selection; None for no selection."""
        self._selected = selected
        self.update()

    @property
    def paint_now(self) -> PointColours:
        """Colours of the points."""
        return self._paint

    @property
    def is_fresh(self) -> bool:
        """Whether the index is complete and no background job is running."""
        return self._cells is not None and not self._worker.busy

    def __len__(self) -> int:
        return len(self._xy)

    def boundingRect(self) -> QRectF:
        """Return the bounds of the points, in data coordinates."""
        return self._extent

    def layers(self) -> Iterable[Layer]:
        """Return the shown points as a layer of a figure."""
        if len(self._xy):
            rows = self._row_of(np.arange(len(self._xy)))
            selected = None if self._selected is None else self._selected[rows]
            size = min(self._largest, point_diameter(len(self._xy)))
            yield Points(self._xy, self._paint.index[rows], self._paint.palette, size, selected)

    # Spatial queries

    def nearest(self, x: float, y: float) -> tuple[int, float] | None:
        """Return the row of the nearest shown point and its distance; None without points."""
        if not len(self._xy):
            return None
        if self._cells is not None:
            found = self._cells.nearest(x, y)
            return found and (self._row(found[0]), found[1])
        offset = self._xy - np.array([x, y], np.float32)
        squared = np.einsum("ij,ij->i", offset, offset)
        best = int(np.argmin(squared))
        return self._row(best), float(squared[best]) ** 0.5

    def within(self, box: Box) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the shown points in the grid cells that a box touches, and their rows."""
        if self._cells is None:
            return self._xy, self._row_of(np.arange(len(self._xy)))
        xy, places = self._cells.take(box)
        return xy, self._row_of(places)

    def in_box(self, box: Box, most: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return rows and positions of the points in a box; empty if more than `most`."""
        none = np.empty(0, np.int64), np.empty((0, 2), np.float32)
        # The touched cells extend beyond the box; for sparse data far beyond.
        if self._cells is None or self._cells.count(box) > CROWD * most:
            return none
        xy, rows = self.within(box)
        inside = ((xy >= box[:2]) & (xy <= box[2:])).all(1)
        return (rows[inside], xy[inside]) if inside.sum() <= most else none

    def _row(self, place: int) -> int:
        return place if self._rows is None else int(self._rows[place])

    def _row_of(self, places: Indices) -> NDArray[np.int64]:
        return places.astype(np.int64) if self._rows is None else self._rows[places]

    # Painting

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw the visible points, or their density image if there are too many."""
        view = self.getViewBox()
        if not len(self._xy) or view is None or widget is None:
            return
        area = view.mapRectToScene(view.boundingRect())
        ratio = widget.devicePixelRatioF()
        width, height = round(area.width() * ratio), round(area.height() * ratio)
        if width < 1 or height < 1:
            return
        seen, box = view.viewRect(), _box(view.viewRect())
        if self._cells is None or self._cells.count(box) <= STAMPED:
            image = self._stamp_again(seen, width, height, ratio)
            image.setDevicePixelRatio(ratio)
            painter.save()
            painter.resetTransform()
            painter.drawImage(area.topLeft(), image)
            painter.restore()
            return
        self._request_density(self._cells, box, area.width(), area.height())
        if self._picture:
            left, low, right, high = self._picture.box
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            # y grows upwards in the view, downwards in an image.
            painter.scale(1, -1)
            painter.drawImage(QRectF(left, -high, right - left, high - low), self._image)
            painter.restore()

    def _stamp_again(self, view: QRectF, width: int, height: int, ratio: float) -> QImage:
        """Stamp the points, unless the last image shows them: a mark above them moves often."""
        of = (self._xy, self._cells, self._paint, self._selected)
        place = (*_box(view), width, height, ratio)
        before, image = self._stamped
        if before[4:] != place or any(a is not b for a, b in zip(before[:4], of, strict=True)):
            image = self._stamp(view, width, height, ratio)
            self._stamped = ((*of, *place), image)
        return image

    def _stamp(self, view: QRectF, width: int, height: int, ratio: float = 1.0) -> QImage:
        xy, places = self._in_view(_box(view))
        scale = np.array([width / view.width(), height / view.height()], np.float32)
        pixel = (xy - np.array([view.left(), view.top()], np.float32)) * scale
        pixel[:, 1] = height - pixel[:, 1]
        rows = self._row_of(places)
        index = self._paint.index[rows]
        shade = [self._paint.argb(opacity)[index] for opacity in (1.0, RIM_OPACITY)]
        layers: list[StampLayer] = [(shade[0], shade[1], None)]
        if self._selected is not None:
            chosen = self._selected[rows]
            pale = self._paint.argb(DIM)[index]
            layers = [(pale, pale, ~chosen), (shade[0], shade[1], chosen)]
        size = min(self._largest, point_diameter(len(xy)))
        size = int(size * ratio + 0.5)
        return _image(draw_points(pixel, layers, width, height, size, RIM * ratio))

    def _in_view(self, box: Box) -> tuple[NDArray[np.float32], Indices]:
        if self._cells is not None:
            if self._cells.count(box) < len(self._xy) // 2:
                return self._cells.take(box)
            return self._xy, np.arange(len(self._xy))
        # A subset, until the index is complete.
        step = max(1, len(self._xy) // STAMPED)
        places = np.arange(0, len(self._xy), step)
        return self._xy[places], places

    def _request_density(self, cells: GridIndex, box: Box, width: float, height: float) -> None:
        old, scale = self._picture, (box[2] - box[0]) / width
        same = old and old.cells is cells and old.paint is self._paint
        same = same and old and old.selected is self._selected
        if old and same and abs(old.scale / scale - 1) < 1e-3 and old.covers(_grown(box, 0.1)):
            return
        if self._worker.busy:
            return  # the repaint after that job calls this again
        area = _grown(box, ROOM)
        bins = [max(1, round(side * (1 + 2 * ROOM) / BIN)) for side in (width, height)]
        rows = self._rows
        self._worker.run(
            partial(_render_density, cells, self._paint, self._selected, rows, area, scale, *bins)
        )

    @Slot(object)
    def _on_done(self, result: object) -> None:
        if isinstance(result, tuple):
            sorted_of, cells = result
            self._cells = cells if sorted_of is self._xy else self._cells
        elif isinstance(result, _DensityImage):
            self._picture, self._image = result, _image(result.pixels)
            self.drawn.emit()
        self.update()


def _build_cells(xy: NDArray[np.float32]) -> tuple[NDArray[np.float32], GridIndex]:
    return xy, GridIndex(xy)


def _render_density(
    cells: GridIndex,
    paint: PointColours,
    selected: NDArray[np.bool_] | None,
    rows: NDArray[np.int64] | None,
    box: Box,
    scale: float,
    width: int,
    height: int,
) -> _DensityImage:
    """Render a density image; runs in the background thread."""
    xy, places = cells.take(box)
    images = places if rows is None else rows[places]
    index = paint.index[images]
    pixels = render_density(xy, index, paint.palette, box, width, height)
    if selected is not None:
        chosen = selected[images]
        above = render_density(xy[chosen], index[chosen], paint.palette, box, width, height)
        pixels = np.where(above > 0, above, _dimmed(pixels))
    return _DensityImage(cells, paint, selected, box, scale, pixels)


def _dimmed(pixels: NDArray[np.uint32]) -> NDArray[np.uint32]:
    parts = pixels.view(np.uint8).astype(np.float32) * DIM
    return parts.astype(np.uint8).view(np.uint32)


def _extent(xy: NDArray[np.float32]) -> QRectF:
    if not len(xy):
        return QRectF()
    left, low = (float(np.fmin.reduce(column)) for column in xy.T)
    right, high = (float(np.fmax.reduce(column)) for column in xy.T)
    return QRectF(left, low, right - left, high - low)


def _box(rect: QRectF) -> Box:
    return rect.left(), rect.top(), rect.right(), rect.bottom()


def _grown(box: Box, share: float) -> Box:
    left, low, right, high = box
    dx, dy = share * (right - left), share * (high - low)
    return left - dx, low - dy, right + dx, high + dy


def _image(pixels: NDArray[np.uint32]) -> QImage:
    height, width = pixels.shape
    layout = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(pixels.data, width, height, 4 * width, layout).copy()
