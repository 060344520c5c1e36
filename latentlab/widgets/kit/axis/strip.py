"""Strip of decoded images below a slider, along its axis."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, override

from PySide6.QtCore import QPointF, QRectF, QSize, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QStyle, QWidget

from latentlab.session.axes import STRIP_POSITIONS
from latentlab.session.export import STEPS
from latentlab.session.points import Tiles
from latentlab.widgets.kit.axis.slider import SLIDER_RANGE_SIGMA
from latentlab.widgets.kit.export.content import Content
from latentlab.widgets.kit.export.exporting import Exporting
from latentlab.widgets.kit.images.cell_pointer import GridNavigation
from latentlab.widgets.kit.images.image_view import draw_image, fitted
from latentlab.widgets.kit.images.qimage import to_qimage
from latentlab.widgets.kit.theme import colours, faint

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint

    from latentlab.latent.codes import Codes
    from latentlab.session.axes import Axis
    from latentlab.session.points import Point
    from latentlab.widgets.kit.axis.slider import AxisSlider

LARGEST = 56
"""Maximum width and height of an image, in pixels."""
DIMMED = 0.35
"""Opacity of outdated images."""


class ImageStrip(QWidget):
    """Decoded images along an axis, each below its position on the slider.

    Parameters
    ----------
    slider : AxisSlider
        Slider above the strip, of the same width.
    """

    hovered = Signal(int)
    """Index of the image under the cursor; -1 when the cursor leaves."""
    chosen = Signal(int)

    def __init__(self, slider: AxisSlider, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slider = slider
        self._images: list[QImage] = []
        self._stale = False
        self.tiles: Tiles | None = None
        self._shown_for: tuple[Point, Codes, Axis] | None = None
        self.pointer = GridNavigation(self)
        self.pointer.hovered.connect(self.hovered)
        self.pointer.chosen.connect(self.chosen)
        self.exporting = Exporting(self, self._content, part=self._part)
        self.exporting.name = "strip"
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # Its height follows its width, which the layout sets later.
        self.resize(slider.width(), self.height())
        self.setFixedHeight(self._image_side())
        self.setToolTip(
            "The decoded image at -3 to 3 standard deviations along this slider; all other "
            "values stay as they are. Hover to preview, click to set z."
        )

    def set_tiles(self, tiles: Tiles, point: Point, codes: Codes) -> None:
        """Show one image per mark along the axis of the slider through a point."""
        self.tiles = tiles
        self._shown_for = (point, codes, self._slider.axis) if self._slider.axis else None
        self._images = [to_qimage(each) for each in tiles.pictures]
        self.update()

    def _content(self) -> Content | None:
        if self.tiles is None:
            return None
        row = replace(self.tiles, columns=max(1, len(self.tiles.pictures)))
        return Content(row, gap=1, film=row, formats=STEPS)

    def _part(self, place: QPointF) -> Content | None:
        """Return the image at a position."""
        index = self.index_at(place)
        if self.tiles is None or index < 0:
            return None
        points = self.tiles.points[index : index + 1]
        return Content(Tiles(points, self.tiles.pictures[index : index + 1], 1))

    def clear(self) -> None:
        """Remove the images."""
        self.tiles, self._shown_for, self._images = None, None, []
        self.update()

    def shares_model(self, point: Point) -> bool:
        """Return whether the images belong to the model of a point; True without images."""
        return self._shown_for is None or self._shown_for[0].model == point.model

    def look_again(self, point: Point, codes: Codes) -> bool:
        """Dim the images if they belong to another point or other codes; return whether they do."""
        stale = not self.is_of(point, codes)
        if stale != self._stale:
            self._stale = stale
            self.update()
        return stale

    def is_of(self, point: Point, codes: Codes) -> bool:
        """Return whether the images belong to a point and to these codes."""
        if self._shown_for is None:
            return False
        shown_point, shown_codes, axis = self._shown_for
        return shown_codes is codes and shown_point == point and axis == self._slider.axis

    @override
    def sizeHint(self) -> QSize:
        return QSize(160, self.height())

    def cell(self, index: int) -> QRectF:
        """Return the rectangle of an image."""
        span = self._handle_travel()
        center = (self.width() - span) / 2 + (
            STRIP_POSITIONS[index] / SLIDER_RANGE_SIGMA + 1
        ) / 2 * span
        side = min(self._image_side(), self.height())
        return QRectF(round(center - side / 2), 0, side, side)

    @property
    def count(self) -> int:
        """Number of images."""
        return len(self._images)

    @property
    def columns(self) -> int:
        """Number of images, since all are in one row."""
        return max(1, self.count)

    def index_at(self, place: QPointF) -> int:
        """Return the index of the image at a position, or -1."""
        return next((i for i in range(len(self._images)) if self.cell(i).contains(place)), -1)

    def point_shown_at(self, place: QPoint) -> Point | None:
        """Return the point whose image is at a position; None if there is none."""
        index = self.index_at(QPointF(place))
        return self.tiles.points[index] if self.tiles and index >= 0 else None

    def _image_side(self) -> int:
        return max(8, min(LARGEST, int(self._handle_travel() / (2 * SLIDER_RANGE_SIGMA)) - 2))

    def _handle_travel(self) -> int:
        """Return the travel of the centre of the slider handle, in pixels."""
        metric = QStyle.PixelMetric.PM_SliderLength
        return self.width() - self._slider.style().pixelMetric(metric, None, self._slider)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the height to the images.

        It ignores a growth as small as a hidden scroll bar causes: the scroll bar would come back,
        and the two would alternate forever.
        """
        super().resizeEvent(event)
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        if not 0 <= self._image_side() - self.height() <= 1 + bar / (2 * SLIDER_RANGE_SIGMA):
            self.setFixedHeight(self._image_side())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setOpacity(DIMMED if self._stale else 1.0)
        for index in range(len(STRIP_POSITIONS)):
            cell = self.cell(index)
            if index >= len(self._images):
                painter.fillRect(cell, faint(colours().border, 0.35))
                continue
            image = self._images[index]
            draw_image(painter, fitted(image.size(), cell), image, smooth=False)
            if index == self.pointer.current:
                painter.setPen(QPen(QColor(colours().accent), 2))
                painter.drawRect(cell.adjusted(1, 1, -1, -1))
