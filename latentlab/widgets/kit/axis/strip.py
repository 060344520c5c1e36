"""Small pictures below a slider: what z would be along its axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QPointF, QRectF, QSize, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QStyle, QWidget

from latentlab.session.axes import MARKS
from latentlab.widgets.kit.axis.slider import REACH
from latentlab.widgets.kit.images.cell_pointer import CellPointer
from latentlab.widgets.kit.images.image_view import draw, fitted, to_image
from latentlab.widgets.kit.theme import colours, faint

if TYPE_CHECKING:
    from latentlab.latent.codes import Codes
    from latentlab.session.axes import Axis
    from latentlab.session.points import Point, Tiles
    from latentlab.widgets.kit.axis.slider import AxisSlider

LARGEST = 56
"""Pixels that a picture has at most to either side."""
DIMMED = 0.35
"""Opacity of pictures that are of another z."""


class AxisStrip(QWidget):
    """Pictures of what z would be along an axis, each below its place on the slider above.

    Parameters
    ----------
    slider : AxisSlider
        As wide as the strip.
    """

    hovered = Signal(int)
    """Which picture is under the cursor; -1 when it leaves."""
    chosen = Signal(int)

    def __init__(self, slider: AxisSlider, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slider = slider
        self._images: list[QImage] = []
        self._stale = False
        self.tiles: Tiles | None = None
        self._made_of: tuple[Point, Codes, Axis] | None = None
        self.pointer = CellPointer(self)
        self.pointer.hovered.connect(self.hovered)
        self.pointer.chosen.connect(self.chosen)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(self._side())
        self.setToolTip(
            "What the image becomes at -3 to 3 standard deviations along this slider, all else "
            "as it is. Point to preview, click to go there."
        )

    def set_tiles(self, tiles: Tiles, point: Point, codes: Codes) -> None:
        """Show one picture per mark along the slider's axis through a point."""
        self.tiles = tiles
        self._made_of = (point, codes, self._slider.axis) if self._slider.axis else None
        self._images = [to_image(each) for each in tiles.pictures]
        self.update()

    def clear(self) -> None:
        """Show no pictures, until there are others."""
        self.tiles, self._made_of, self._images = None, None, []
        self.update()

    def shares_model(self, point: Point) -> bool:
        """Say whether the pictures are of the model of a point, as no pictures are as well."""
        return self._made_of is None or self._made_of[0].model == point.model

    def look_again(self, point: Point, codes: Codes) -> bool:
        """Dim pictures that are of another point or of other codes; return whether they are."""
        stale = not self.is_of(point, codes)
        if stale != self._stale:
            self._stale = stale
            self.update()
        return stale

    def is_of(self, point: Point, codes: Codes) -> bool:
        """Say whether the pictures are those of a point, of a model with these codes."""
        if self._made_of is None:
            return False
        own_point, own_codes, axis = self._made_of
        return own_codes is codes and own_point == point and axis == self._slider.axis

    @override
    def sizeHint(self) -> QSize:
        return QSize(160, self.height())

    def cell(self, index: int) -> QRectF:
        """Return where a picture is drawn."""
        room = self._room()
        center = (self.width() - room) / 2 + (MARKS[index] / REACH + 1) / 2 * room
        side = min(self._side(), self.height())
        return QRectF(round(center - side / 2), 0, side, side)

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return len(self._images)

    @property
    def columns(self) -> int:
        """All stand side by side."""
        return max(1, self.count)

    def index_at(self, place: QPointF) -> int:
        """Return which picture lies at a place, or -1."""
        return next((i for i in range(len(self._images)) if self.cell(i).contains(place)), -1)

    def _side(self) -> int:
        return max(8, min(LARGEST, int(self._room() / (2 * REACH)) - 2))

    def _room(self) -> int:
        """Return how far the middle of the slider's handle goes, in pixels."""
        metric = QStyle.PixelMetric.PM_SliderLength
        return self.width() - self._slider.style().pixelMetric(metric, None, self._slider)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Be as tall as the pictures.

        Not by so little taller as a scroll bar that goes may allow: it would come back for that,
        and go again, for ever.
        """
        super().resizeEvent(event)
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        if not 0 <= self._side() - self.height() <= 1 + bar / (2 * REACH):
            self.setFixedHeight(self._side())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setOpacity(DIMMED if self._stale else 1.0)
        for index in range(len(MARKS)):
            cell = self.cell(index)
            if index >= len(self._images):
                painter.fillRect(cell, faint(colours().border, 0.35))
                continue
            image = self._images[index]
            draw(painter, fitted(image.size(), cell), image, smooth=False)
            if index == self.pointer.current:
                painter.setPen(QPen(QColor(colours().accent), 2))
                painter.drawRect(cell.adjusted(1, 1, -1, -1))
