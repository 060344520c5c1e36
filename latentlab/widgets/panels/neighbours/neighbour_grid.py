"""Grid of images in order of their distance, with the distance below each."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from latentlab.session.points import Tiles
from latentlab.widgets.kit.export.content import Content, one_image
from latentlab.widgets.kit.export.exporting import Exporting
from latentlab.widgets.kit.images.cell_pointer import GridNavigation
from latentlab.widgets.kit.images.image_view import draw_image, fitted
from latentlab.widgets.kit.images.qimage import to_qimage
from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtCore import QPoint

    from latentlab.session.neighbours import NearestImages

LARGEST, SMALLEST = 96, 36


class NeighbourGrid(QWidget):
    """Grid of images that are as large as its size allows."""

    hovered = Signal(int)
    """Row of the image under the cursor; -1 when it leaves."""
    chosen = Signal(int)
    """Row of the image that was clicked, or confirmed with Enter."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[int] = []
        self._texts: list[str] = []
        self._images: list[QImage] = []
        self._names: list[str] = []
        self.pointer = GridNavigation(self)
        self.pointer.hovered.connect(self._on_hovered)
        self.pointer.chosen.connect(self._on_chosen)
        self.setFont(small(self.font()))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._side, self.columns = SMALLEST, 1
        self._pixels: NDArray[np.uint8] | None = None
        self.exporting = Exporting(self, self._content, part=self._part)
        self.exporting.name = "neighbours"

    def set_near(self, near: NearestImages | None, form: str, names: Sequence[str] = ()) -> None:
        """Show images, or names where there are no images; `form` formats a distance."""
        self._names = list(names)
        self._pixels = None if near is None else near.pictures
        self._rows = [] if near is None else near.rows.tolist()
        self._texts = [] if near is None else [form.format(d) for d in near.distances.tolist()]
        pictures = () if near is None or near.pictures is None else near.pictures
        self._images = [to_qimage(picture) for picture in pictures]
        self.pointer.set_current(-1)
        self._arrange()

    def _content(self) -> Content | None:
        if self._pixels is None or not self.count:
            return None
        return Content(Tiles((), self._pixels, self.columns), gap=1)

    def _part(self, place: QPointF) -> Content | None:
        """Return the image at a position."""
        index = self.index_at(place)
        if self._pixels is None or index < 0:
            return None
        return Content(one_image(self._pixels[index]))

    @override
    def sizeHint(self) -> QSize:
        return QSize(6 * 72, 72 + self.fontMetrics().height())

    def place_of(self, index: int) -> QRectF:
        """Return the rectangle of an image."""
        row, column = divmod(index, self.columns)
        x, y = column * (self._side + UNIT), row * self._row_height(self._side)
        return QRectF(x, y, self._side, self._side)

    @property
    def count(self) -> int:
        """Number of images."""
        return len(self._rows)

    def _row_height(self, side: int) -> int:
        return side + self.fontMetrics().height() + UNIT // 2

    def _columns_of(self, side: int) -> int:
        return max(1, (self.width() + UNIT) // (side + UNIT))

    def _arrange(self) -> None:
        """Use the largest size at which all images fit; require the height for the smallest."""
        for side in range(LARGEST, SMALLEST - 1, -2):
            columns = self._columns_of(side)
            lines = -(-max(1, self.count) // columns)
            if lines * self._row_height(side) <= self.height():
                break
        self._side, self.columns = side, columns
        lines_needed = -(-max(1, self.count) // self._columns_of(SMALLEST))
        self.setMinimumHeight(lines_needed * self._row_height(SMALLEST))
        self.update()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def index_at(self, place: QPointF) -> int:
        """Return the index of the image at a position, or -1."""
        return next((i for i in range(self.count) if self.place_of(i).contains(place)), -1)

    def row_shown_at(self, place: QPoint) -> int:
        """Return the row of the image at a position; -1 if there is none."""
        index = self.index_at(QPointF(place))
        return self._rows[index] if index >= 0 else -1

    @Slot(int)
    def _on_hovered(self, index: int) -> None:
        self.hovered.emit(self._rows[index] if index >= 0 else -1)

    @Slot(int)
    def _on_chosen(self, index: int) -> None:
        self.chosen.emit(self._rows[index])

    def _paint_image(self, painter: QPainter, rect: QRectF, index: int) -> None:
        """Draw an image, or the name of a code without an image."""
        if self._images:
            image = self._images[index]
            draw_image(painter, fitted(image.size(), rect), image, smooth=False)
        elif index < len(self._names):
            painter.fillRect(rect, QColor(colours().raised))
            painter.setPen(QColor(colours().text))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWrapAnywhere
            inner = rect.adjusted(UNIT / 4, 0, -UNIT / 4, 0)
            painter.drawText(inner, int(flags), self._names[index])

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        c = colours()
        for index in range(self.count):
            rect = self.place_of(index)
            self._paint_image(painter, rect, index)
            painter.setPen(QColor(c.text if index == self.pointer.current else c.muted))
            below = QRectF(rect.left(), rect.bottom() + 1, rect.width(), UNIT * 3)
            top = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
            painter.drawText(below, top, self._texts[index])
            if index == self.pointer.current:
                painter.setPen(QPen(QColor(c.accent), 2))
                painter.drawRect(rect)
