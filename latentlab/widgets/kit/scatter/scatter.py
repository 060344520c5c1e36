"""The cloud of points on the map, from a handful to a million."""

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

from latentlab.latent.grid_index import Box, Cells
from latentlab.widgets.kit.background import BackgroundWorker
from latentlab.widgets.kit.scatter.rasterize import (
    DIM,
    RIM,
    RIM_OPACITY,
    Layer,
    Paint,
    density,
    stamp,
    stamp_size,
)

if TYPE_CHECKING:
    from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

Places = NDArray[np.int32] | NDArray[np.int64]
STAMPED = 80_000
"""Points in view up to which each is stamped; above, a picture of their density is made aside."""
AT_ONCE = 80_000
"""Points up to which the grid is made at once: it takes a few milliseconds."""
CROWD = 40
"""Times as many points as are sought, among which they are still looked for."""
BIN = 2
"""Pixels of the layout to one of the density picture."""
ROOM = 0.5
"""How much further than the view the density picture reaches, to each side."""


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A density picture, and of what it is one."""

    cells: Cells
    paint: Paint
    selected: NDArray[np.bool_] | None
    box: Box
    scale: float
    pixels: NDArray[np.uint32]

    def reaches(self, box: Box) -> bool:
        """Say whether it covers a view."""
        left, low, right, high = self.box
        return left <= box[0] and low <= box[1] and right >= box[2] and high >= box[3]


class CodeCloud(pg.GraphicsObject):
    """Points stamped straight into pixels; where they are too many, their density.

    Parameters
    ----------
    largest : int
        Size of a point where there are few: 2, 3 or 5 pixels of the layout.
    """

    drawn = Signal()
    """A density picture is ready, and is what the next paint shows."""

    def __init__(self, largest: int = 5) -> None:
        super().__init__()
        self._xy = np.empty((0, 2), np.float32)
        self._rows: NDArray[np.int64] | None = None
        self._paint = Paint(np.empty(0, np.uint8), np.zeros((1, 3), np.uint8))
        self._selected: NDArray[np.bool_] | None = None
        self._extent = QRectF()
        self._cells: Cells | None = None
        self._picture: _Drawn | None = None
        self._image = QImage()
        self._largest = largest
        self._aside = BackgroundWorker(self)
        self._aside.done.connect(self._on_done)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def set_points(
        self, xy: NDArray[np.float32], paint: Paint, shown: NDArray[np.bool_] | None = None
    ) -> None:
        """Show points of shape (N, 2); `shown`, with shape (N,), leaves others out."""
        self.prepareGeometryChange()
        self._rows = None if shown is None else np.flatnonzero(shown)
        self._xy = np.ascontiguousarray(xy if self._rows is None else xy[self._rows], np.float32)
        self._extent = _extent(self._xy)
        self._paint = paint
        if self._selected is not None and len(self._selected) != len(xy):
            self._selected = None
        self._cells = None
        if len(self._xy) <= AT_ONCE:
            self._cells = Cells(self._xy)
        else:
            self._aside.run(partial(_sort, self._xy))
        self.update()

    def set_paint(self, paint: Paint) -> None:
        """Colour the same points anew."""
        self._paint = paint
        self.update()

    def set_selected(self, selected: NDArray[np.bool_] | None) -> None:
        """Make all but the selected points pale; None for all alike."""
        self._selected = selected
        self.update()

    @property
    def paint_now(self) -> Paint:
        """The colours of the points."""
        return self._paint

    @property
    def is_fresh(self) -> bool:
        """Whether what is painted is what was asked for."""
        return self._cells is not None and not self._aside.busy

    def __len__(self) -> int:
        return len(self._xy)

    def boundingRect(self) -> QRectF:
        """Return the points' extent, in data coordinates."""
        return self._extent

    # What lies where

    def nearest(self, x: float, y: float) -> tuple[int, float] | None:
        """Return the row of the nearest point shown, and how far it is; None without any."""
        if not len(self._xy):
            return None
        if self._cells is not None:
            found = self._cells.nearest(x, y)
            return found and (self._row(found[0]), found[1])
        away = self._xy - np.array([x, y], np.float32)
        squared = np.einsum("ij,ij->i", away, away)
        best = int(np.argmin(squared))
        return self._row(best), float(squared[best]) ** 0.5

    def within(self, box: Box) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the points shown in and right around a box, and their rows."""
        if self._cells is None:
            return self._xy, self._row_of(np.arange(len(self._xy)))
        xy, places = self._cells.take(box)
        return xy, self._row_of(places)

    def in_box(self, box: Box, most: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return rows and places of the points in a box; none where there are more than `most`."""
        none = np.empty(0, np.int64), np.empty((0, 2), np.float32)
        # The cells touched reach beyond the box, in a sparse cloud far beyond.
        if self._cells is None or self._cells.count(box) > CROWD * most:
            return none
        xy, rows = self.within(box)
        inside = ((xy >= box[:2]) & (xy <= box[2:])).all(1)
        return (rows[inside], xy[inside]) if inside.sum() <= most else none

    def _row(self, place: int) -> int:
        return place if self._rows is None else int(self._rows[place])

    def _row_of(self, places: Places) -> NDArray[np.int64]:
        return places.astype(np.int64) if self._rows is None else self._rows[places]

    # Painting

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw what is in view: points where they are few, else their density."""
        view = self.getViewBox()
        if not len(self._xy) or view is None or widget is None:
            return
        room = view.mapRectToScene(view.boundingRect())
        ratio = widget.devicePixelRatioF()
        width, height = round(room.width() * ratio), round(room.height() * ratio)
        if width < 1 or height < 1:
            return
        seen, box = view.viewRect(), _box(view.viewRect())
        if self._cells is None or self._cells.count(box) <= STAMPED:
            image = self._stamp(seen, width, height, ratio)
            image.setDevicePixelRatio(ratio)
            painter.save()
            painter.resetTransform()
            painter.drawImage(room.topLeft(), image)
            painter.restore()
            return
        self._ask_density(self._cells, box, room.width(), room.height())
        if self._picture:
            left, low, right, high = self._picture.box
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            # Upwards is up here, downwards in a picture.
            painter.scale(1, -1)
            painter.drawImage(QRectF(left, -high, right - left, high - low), self._image)
            painter.restore()

    def _stamp(self, view: QRectF, width: int, height: int, ratio: float = 1.0) -> QImage:
        xy, places = self._in_view(_box(view))
        scale = np.array([width / view.width(), height / view.height()], np.float32)
        pixel = (xy - np.array([view.left(), view.top()], np.float32)) * scale
        pixel[:, 1] = height - pixel[:, 1]
        rows = self._row_of(places)
        index = self._paint.index[rows]
        shade = [self._paint.argb(opacity)[index] for opacity in (1.0, RIM_OPACITY)]
        layers: list[Layer] = [(shade[0], shade[1], None)]
        if self._selected is not None:
            chosen = self._selected[rows]
            pale = self._paint.argb(DIM)[index]
            layers = [(pale, pale, ~chosen), (shade[0], shade[1], chosen)]
        size = min(self._largest, stamp_size(len(xy)))
        size = int(size * ratio + 0.5)
        return _image(stamp(pixel, layers, width, height, size, RIM * ratio))

    def _in_view(self, box: Box) -> tuple[NDArray[np.float32], Places]:
        if self._cells is not None:
            if self._cells.count(box) < len(self._xy) // 2:
                return self._cells.take(box)
            return self._xy, np.arange(len(self._xy))
        # Some of them, until the grid is made.
        step = max(1, len(self._xy) // STAMPED)
        places = np.arange(0, len(self._xy), step)
        return self._xy[places], places

    def _ask_density(self, cells: Cells, box: Box, width: float, height: float) -> None:
        had, scale = self._picture, (box[2] - box[0]) / width
        same = had and had.cells is cells and had.paint is self._paint
        same = same and had and had.selected is self._selected
        if had and same and abs(had.scale / scale - 1) < 1e-3 and had.reaches(_grown(box, 0.1)):
            return
        if self._aside.busy:
            return  # it is painted again, and so asked again, when that is done
        asked = _grown(box, ROOM)
        bins = [max(1, round(side * (1 + 2 * ROOM) / BIN)) for side in (width, height)]
        rows = self._rows
        self._aside.run(
            partial(_draw, cells, self._paint, self._selected, rows, asked, scale, *bins)
        )

    @Slot(object)
    def _on_done(self, result: object) -> None:
        if isinstance(result, tuple):
            sorted_of, cells = result
            self._cells = cells if sorted_of is self._xy else self._cells
        elif isinstance(result, _Drawn):
            self._picture, self._image = result, _image(result.pixels)
            self.drawn.emit()
        self.update()


def _sort(xy: NDArray[np.float32]) -> tuple[NDArray[np.float32], Cells]:
    return xy, Cells(xy)


def _draw(
    cells: Cells,
    paint: Paint,
    selected: NDArray[np.bool_] | None,
    rows: NDArray[np.int64] | None,
    box: Box,
    scale: float,
    width: int,
    height: int,
) -> _Drawn:
    """Make a density picture; runs beside the window."""
    xy, places = cells.take(box)
    images = places if rows is None else rows[places]
    index = paint.index[images]
    pixels = density(xy, index, paint.palette, box, width, height)
    if selected is not None:
        chosen = selected[images]
        above = density(xy[chosen], index[chosen], paint.palette, box, width, height)
        pixels = np.where(above > 0, above, _paled(pixels))
    return _Drawn(cells, paint, selected, box, scale, pixels)


def _paled(pixels: NDArray[np.uint32]) -> NDArray[np.uint32]:
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
