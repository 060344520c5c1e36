"""Grid of images with mouse and keyboard selection."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, override

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from latentlab.session.files.mosaic import tile
from latentlab.session.points import Tiles
from latentlab.widgets.kit.export.content import Content
from latentlab.widgets.kit.export.exporting import Exporting
from latentlab.widgets.kit.images.cell_pointer import GridNavigation
from latentlab.widgets.kit.images.image_view import draw_caption, draw_image, fitted
from latentlab.widgets.kit.images.qimage import to_qimage
from latentlab.widgets.kit.theme import colours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtCore import QPoint

    from latentlab.session.points import Point


BAR_HEIGHT = 0.12
"""Height of a bar, relative to its tile."""
MARKER_RADIUS = 7


class ImageGrid(QWidget):
    """Grid of tiles that emits the hovered and the activated one.

    Parameters
    ----------
    caption : str
        Text without tiles.
    fixed_columns : bool
        Whether to use `Tiles.columns`; otherwise the number of columns fits the widget.
    gap : int
        Image pixels between tiles.
    """

    hovered = Signal(int)
    """Index of the tile under the cursor; -1 when the cursor leaves."""
    chosen = Signal(int)
    """Index of a tile that was clicked or activated with Enter or Space."""

    def __init__(
        self,
        caption: str = "",
        *,
        fixed_columns: bool = False,
        gap: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._tiles: Tiles | None = None
        self._caption = caption
        self._fixed = fixed_columns
        self._gap = gap
        self._columns = 1
        self._image: QImage | None = None
        self._marker: QPointF | None = None
        self._tints: Sequence[QColor] = ()
        self._bars: Sequence[float] = ()
        self.pointer = GridNavigation(self)
        self.pointer.hovered.connect(self.hovered)
        self.pointer.chosen.connect(self.chosen)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(80, 48)
        self.exporting = Exporting(self, self.content, part=self._part)

    def set_tiles(self, tiles: Tiles | None) -> None:
        """Show tiles, or none."""
        self._tiles = tiles
        self.pointer.set_current(-1)
        self._lay_out()

    def content(self) -> Content | None:
        """Return the tiles as they are arranged, or None."""
        if self._tiles is None or not len(self._tiles.pictures):
            return None
        return Content(replace(self._tiles, columns=self._columns), self._gap)

    def _part(self, place: QPointF) -> Content | None:
        """Return the tile at a position."""
        index = self.index_at(place)
        if self._tiles is None or index < 0:
            return None
        points = self._tiles.points[index : index + 1]
        return Content(Tiles(points, self._tiles.pictures[index : index + 1], 1))

    def set_fixed_columns(self, fixed: bool) -> None:
        """Set whether to use `Tiles.columns`; otherwise the columns fit the widget."""
        if fixed != self._fixed:
            self._fixed = fixed
            self._lay_out()

    def set_marker(self, marker: QPointF | None) -> None:
        """Set the marker, in units of tiles from the top left corner, or None for no marker."""
        if marker == self._marker:
            return
        # The grid is large, and the marker follows the hand.
        self.update(self._marker_rect())
        self._marker = marker
        self.update(self._marker_rect())

    def set_tints(self, tints: Sequence[QColor]) -> None:
        """Set a translucent colour over each tile; none for an empty sequence."""
        if tints or self._tints:
            self._tints = tints
            self.update()

    def set_bars(self, shares: Sequence[float]) -> None:
        """Set a bar at the foot of each tile, relative to the largest; none if empty."""
        self._bars = shares
        self.update()

    def set_current(self, row: int) -> None:
        """Set the framed tile, or -1 for none."""
        self.pointer.set_current(row)

    @property
    def current(self) -> int:
        """Framed tile, or -1."""
        return self.pointer.current

    @property
    def columns(self) -> int:
        """Current number of columns."""
        return self._columns

    @override
    def sizeHint(self) -> QSize:
        return QSize(320, 320)

    def tile_rect(self, row: int) -> QRectF:
        """Return the rectangle of a tile."""
        area = self._image_rect()
        if not self._image or not self._tiles:
            return QRectF()
        scale = area.width() / self._image.width()
        height, width = self._tiles.pictures.shape[1:3]
        y, x = divmod(row, self._columns)
        return QRectF(
            area.x() + x * (width + self._gap) * scale,
            area.y() + y * (height + self._gap) * scale,
            width * scale,
            height * scale,
        )

    def _image_rect(self) -> QRectF:
        size = self._image.size() if self._image else QSize(1, 1)
        return fitted(size, QRectF(self.rect()))

    def _lay_out(self) -> None:
        if not self._tiles or not len(self._tiles.pictures):
            self._image = None
        else:
            self._columns = self._tiles.columns if self._fixed else self._best_columns()
            background = QColor(colours().base).lightness()
            pictures = self._tiles.pictures
            self._image = to_qimage(tile(pictures, self._columns, self._gap, background))
        self.update()

    def _best_columns(self) -> int:
        assert self._tiles
        count, height, width = map(int, self._tiles.pictures.shape[:3])
        area = self.rect()

        def size(columns: int) -> float:
            rows = math.ceil(count / columns)
            return min(area.width() / (columns * width), area.height() / (rows * height))

        return max(range(1, count + 1), key=size)

    @property
    def count(self) -> int:
        """Number of tiles."""
        return len(self._tiles.points) if self._tiles else 0

    def index_at(self, place: QPointF) -> int:
        """Return the index of the tile at a position, or -1."""
        if not self._tiles or not self._image:
            return -1
        first = self.tile_rect(0)
        step = first.width() * (1 + self._gap / self._tiles.pictures.shape[2])
        x = int((place.x() - first.x()) // step)
        y = int((place.y() - first.y()) // (step * first.height() / first.width()))
        row = y * self._columns + x
        inside = 0 <= x < self._columns and 0 <= row < len(self._tiles.points)
        return row if inside else -1

    def point_shown_at(self, place: QPoint) -> Point | None:
        """Return the point whose image is at a position; None if there is none."""
        index = self.index_at(QPointF(place))
        point = self._tiles.points[index] if self._tiles and index >= 0 else None
        return point if point and point.z else None

    @override
    def resizeEvent(self, event: QEvent) -> None:
        if not self._fixed and self._tiles and self._best_columns() != self._columns:
            self._lay_out()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._lay_out()
        super().changeEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is None:
            draw_caption(painter, self, self._caption)
            return
        draw_image(painter, self._image_rect(), self._image, smooth=False)
        for row, tint in enumerate(self._tints[: self.count]):
            painter.fillRect(self.tile_rect(row), tint)
        self._draw_bars(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.pointer.current >= 0:
            painter.setPen(QPen(QColor(colours().accent), 2))
            painter.drawRect(self.tile_rect(self.pointer.current))
        if self._marker:
            self._draw_marker(painter, self._marker)

    def _draw_bars(self, painter: QPainter) -> None:
        largest = max(self._bars, default=0.0) or 1.0
        for row, share in enumerate(self._bars[: self.count]):
            rect = self.tile_rect(row)
            height = max(2.0, BAR_HEIGHT * rect.height())
            foot = QRectF(rect.x(), rect.bottom() - height, rect.width(), height)
            painter.fillRect(foot, QColor(colours().base))
            foot.setWidth(rect.width() * share / largest)
            painter.fillRect(foot, QColor(colours().accent))

    def _marker_center(self, marker: QPointF) -> QPointF:
        first = self.tile_rect(0)
        return QPointF(
            first.x() + marker.x() * first.width(), first.y() + marker.y() * first.height()
        )

    def _marker_rect(self) -> QRect:
        """Return the pixels of the marker; empty without one."""
        if self._marker is None:
            return QRect()
        reach = MARKER_RADIUS + 3
        around = QRectF(-reach, -reach, 2 * reach, 2 * reach)
        return around.translated(self._marker_center(self._marker)).toAlignedRect()

    def _draw_marker(self, painter: QPainter, marker: QPointF) -> None:
        for colour, width in (("#000000", 4), ("#ffffff", 2)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawEllipse(self._marker_center(marker), MARKER_RADIUS, MARKER_RADIUS)
