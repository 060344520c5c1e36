"""Pictures in order of their distance, each with a number below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from latentlab.widgets.kit.images.image_view import draw, fitted, to_image
from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    from latentlab.session.neighbours import Near

KEYS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1)}
KEYS[Qt.Key.Key_Down] = (0, 1)
CONFIRM = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
LARGEST, SMALLEST = 96, 36


class NearView(QWidget):
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
        self._current = -1
        self.setFont(small(self.font()))
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._side, self.columns = SMALLEST, 1

    def set_near(self, near: Near | None, form: str) -> None:
        """Show images; `form` says how a distance is written."""
        self._rows = [] if near is None else near.rows.tolist()
        self._texts = [] if near is None else [form.format(d) for d in near.distances.tolist()]
        self._images = [] if near is None else [to_image(picture) for picture in near.pictures]
        self._current = -1
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

    def _at(self, event: QMouseEvent) -> int:
        for index in range(self.count):
            if self.place_of(index).contains(event.position()):
                return index
        return -1

    def _point_at(self, index: int) -> None:
        if index != self._current:
            self._current = index
            self.hovered.emit(self._rows[index] if index >= 0 else -1)
            self.update()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Announce the image under the cursor."""
        self._point_at(self._at(event))

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(-1)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the image under the cursor."""
        index = self._at(event)
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._rows[index])

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk with the arrow keys, choose with Enter or Space."""
        key = Qt.Key(event.key())
        if self._rows and key in KEYS:
            across, down = KEYS[key]
            target = self._current + across + down * self.columns
            self._point_at(max(0, min(self.count - 1, target)))
        elif self._current >= 0 and key in CONFIRM:
            self.chosen.emit(self._rows[self._current])
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        c = colours()
        for index in range(self.count):
            place = self.place_of(index)
            image = self._images[index]
            draw(painter, fitted(image.size(), place), image, smooth=False)
            painter.setPen(QColor(c.text if index == self._current else c.muted))
            below = QRectF(place.left(), place.bottom() + 1, place.width(), UNIT * 3)
            top = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
            painter.drawText(below, top, self._texts[index])
            if index == self._current:
                painter.setPen(QPen(QColor(c.accent), 2))
                painter.drawRect(place)
