"""Pictures in order of their distance, each with a number below it."""

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

from latentlab.widgets.kit.images.cell_pointer import CellPointer
from latentlab.widgets.kit.images.image_view import draw, fitted, to_image
from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    from latentlab.session.neighbours import Near

LARGEST, SMALLEST = 96, 36


class NeighbourGrid(QWidget):
    """Pictures in as many rows as they need, as large as there is room for."""

    hovered = Signal(int)
    """Row of the image under the cursor; -1 when it leaves."""
    chosen = Signal(int)
    """Row of an image that was clicked or confirmed with Enter."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[int] = []
        self._texts: list[str] = []
        self._images: list[QImage] = []
        self.pointer = CellPointer(self)
        self.pointer.hovered.connect(self._on_hovered)
        self.pointer.chosen.connect(self._on_chosen)
        self.setFont(small(self.font()))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._side, self.columns = SMALLEST, 1

    def set_near(self, near: Near | None, form: str) -> None:
        """Show images; `form` says how a distance is written."""
        self._rows = [] if near is None else near.rows.tolist()
        self._texts = [] if near is None else [form.format(d) for d in near.distances.tolist()]
        self._images = [] if near is None else [to_image(picture) for picture in near.pictures]
        self.pointer.set_current(-1)
        self._arrange()

    @override
    def sizeHint(self) -> QSize:
        return QSize(6 * 72, 72 + self.fontMetrics().height())

    def place_of(self, index: int) -> QRectF:
        """Return where a picture is drawn."""
        row, column = divmod(index, self.columns)
        x, y = column * (self._side + UNIT), row * self._row_height(self._side)
        return QRectF(x, y, self._side, self._side)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._rows)

    def _row_height(self, side: int) -> int:
        return side + self.fontMetrics().height() + UNIT // 2

    def _columns_of(self, side: int) -> int:
        return max(1, (self.width() + UNIT) // (side + UNIT))

    def _arrange(self) -> None:
        """Find the largest size in which all fit; ask for more height where none does."""
        for side in range(LARGEST, SMALLEST - 1, -2):
            columns = self._columns_of(side)
            lines = -(-max(1, self.count) // columns)
            if lines * self._row_height(side) <= self.height():
                break
        self._side, self.columns = side, columns
        least = -(-max(1, self.count) // self._columns_of(SMALLEST))
        self.setMinimumHeight(least * self._row_height(SMALLEST))
        self.update()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def index_at(self, place: QPointF) -> int:
        """Return the picture at a place, or -1."""
        return next((i for i in range(self.count) if self.place_of(i).contains(place)), -1)

    @Slot(int)
    def _on_hovered(self, index: int) -> None:
        self.hovered.emit(self._rows[index] if index >= 0 else -1)

    @Slot(int)
    def _on_chosen(self, index: int) -> None:
        self.chosen.emit(self._rows[index])

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        c = colours()
        for index in range(self.count):
            place = self.place_of(index)
            image = self._images[index]
            draw(painter, fitted(image.size(), place), image, smooth=False)
            painter.setPen(QColor(c.text if index == self.pointer.current else c.muted))
            below = QRectF(place.left(), place.bottom() + 1, place.width(), UNIT * 3)
            top = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
            painter.drawText(below, top, self._texts[index])
            if index == self.pointer.current:
                painter.setPen(QPen(QColor(c.accent), 2))
                painter.drawRect(place)
