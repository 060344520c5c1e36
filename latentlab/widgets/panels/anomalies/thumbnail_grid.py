"""A wall of small pictures to scroll through; only those that can be seen are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from latentlab.widgets.kit.images.cell_pointer import CellPointer
from latentlab.widgets.kit.images.image_view import draw, to_image
from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from latentlab.session.anomalies import Thumbnails

    Pixels = tuple[NDArray[np.uint8], NDArray[np.uint8]]

SIDE = 48
"""About how large a picture is drawn: in whole multiples of its pixels where it is smaller."""
CAPTION = 2 * UNIT
AT_ONCE = 24
"""Pictures asked for in one go, so that nothing waits long for them."""
KEPT = 600
"""Pictures that stay at hand while one scrolls."""


class ThumbnailGrid(QAbstractScrollArea):
    """Pictures in a given order, each above its value.

    Parameters
    ----------
    describe : callable
        Says more of a row than fits below its picture.
    """

    wanted = Signal(object)
    """Rows, a tuple, that can be seen and whose pictures are not at hand."""
    hovered = Signal(int)
    """Row under the cursor or reached by key; -1 when the cursor leaves."""
    chosen = Signal(int)
    """Row that was clicked or confirmed with Enter."""

    def __init__(self, describe: Callable[[int], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._describe = describe
        self._rows = np.empty(0, np.int64)
        self._captions: Callable[[int], str] = str
        self._strong: NDArray[np.bool_] = np.empty(0, bool)
        self._images: dict[int, tuple[QImage, QImage]] = {}
        self._pixels: dict[int, Pixels] = {}
        self._asked: tuple[int, ...] = ()
        self._cell = QSize(SIDE, SIDE)
        self._pairs = False
        self._marked = -1
        self.pointer = CellPointer(self, self.viewport())
        self.pointer.hovered.connect(self._on_hovered)
        self.pointer.chosen.connect(self._on_chosen)
        self.pointer.reached.connect(self._reveal)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Its room must not depend on what is in it, or columns would come and go.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAutoFillBackground(False)
        self.setMinimumSize(2 * SIDE, SIDE)

    # What is shown

    def set_shape(self, height: int, width: int) -> None:
        """Make room for pictures of so many pixels, and forget those of other images."""
        longest = max(height, width)
        scale = max(1.0, round(SIDE / longest)) if longest <= 2 * SIDE else SIDE / longest
        self._cell = QSize(max(1, round(width * scale)), max(1, round(height * scale)))
        self._images.clear()
        self._pixels.clear()
        self._asked = ()
        self._fit()

    def set_rows(self, rows: NDArray[np.int64], captions: Callable[[int], str]) -> None:
        """Show rows in this order from the top; `captions` tells the value of each."""
        self.pointer.point_at(-1)
        self._rows, self._captions = rows, captions
        self.verticalScrollBar().setValue(0)
        self._fit()

    def set_strong(self, strong: NDArray[np.bool_]) -> None:
        """Write the values of some rows in bold, given for all rows in their own order."""
        self._strong = strong
        self.viewport().update()

    def set_pairs(self, pairs: bool) -> None:
        """Show reconstructions beside the originals, or not."""
        self._pairs = pairs
        self._fit()

    def set_marked(self, row: int | None) -> None:
        """Frame the row that z is at, or none."""
        self._marked = -1 if row is None else row
        self.viewport().update()

    def add(self, some: Thumbnails) -> None:
        """Take pictures that were asked for, and ask for what is still missing."""
        for row, *both in zip(some.rows, some.pictures, some.reconstructions, strict=True):
            self._pixels.pop(row, None)
            self._pixels[row] = both[0], both[1]
            self._images[row] = to_image(both[0]), to_image(both[1])
        for row in list(self._pixels)[: max(0, len(self._pixels) - KEPT)]:
            del self._pixels[row], self._images[row]
        self._asked = ()
        self._ask()
        self.viewport().update()

    def pixels_of(self, row: int) -> Pixels | None:
        """Return an image and its reconstruction, where they are at hand."""
        return self._pixels.get(row)

    @property
    def current(self) -> int:
        """The row pointed at, or -1."""
        return int(self._rows[self.pointer.current]) if self.pointer.current >= 0 else -1

    # Where things stand

    @property
    def _step(self) -> QSize:
        width = (2 if self._pairs else 1) * self._cell.width()
        return QSize(width + UNIT, self._cell.height() + CAPTION + UNIT // 2)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._rows)

    @property
    def columns(self) -> int:
        """How many stand side by side."""
        return max(1, self.viewport().width() // self._step.width())

    def visible_rows(self) -> list[int]:
        """Return the rows that can be seen, from the top."""
        return [int(self._rows[place]) for place in self._visible()]

    def _visible(self) -> range:
        top, high = self.verticalScrollBar().value(), self._step.height()
        first = top // high * self.columns
        last = ((top + self.viewport().height() - 1) // high + 1) * self.columns
        return range(first, min(last, len(self._rows)))

    def place_rect(self, place: int) -> QRect:
        """Return where the cell of a place, counted from the first, stands on the viewport."""
        y, x = divmod(place, self.columns)
        step = self._step
        top = y * step.height() - self.verticalScrollBar().value()
        return QRect(x * step.width(), top, step.width(), step.height())

    def index_at(self, place: QPointF) -> int:
        """Return the cell at a place of the viewport, or -1."""
        pixel, step = place.toPoint(), self._step
        x = pixel.x() // step.width()
        index = (pixel.y() + self.verticalScrollBar().value()) // step.height() * self.columns + x
        return index if 0 <= x < self.columns and 0 <= index < self.count else -1

    def _fit(self) -> None:
        lines = -(-len(self._rows) // self.columns)
        bar, high = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, lines * self._step.height() - high))
        bar.setPageStep(high)
        bar.setSingleStep(self._step.height() // 2)
        self._ask()
        self.viewport().update()

    def _ask(self) -> None:
        missing = [row for row in self.visible_rows() if row not in self._images]
        some = tuple(missing[:AT_ONCE])
        if some and some != self._asked:
            self._asked = some
            self.wanted.emit(some)

    # Hands

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Show another part."""
        self._ask()
        self.viewport().update()

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self.index_at(QPointF(event.pos()))
            text = self._describe(int(self._rows[place])) if place >= 0 else self.toolTip()
            QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        return super().viewportEvent(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Nothing more comes of it."""

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Leave presses to `CellPointer`: a click beside all images goes no further."""

    @Slot(int)
    def _on_hovered(self, index: int) -> None:
        self.hovered.emit(self.current)

    @Slot(int)
    def _on_chosen(self, index: int) -> None:
        self.chosen.emit(self.current)

    @Slot(int)
    def _reveal(self, place: int) -> None:
        rect, bar = self.place_rect(place), self.verticalScrollBar()
        below = rect.bottom() + 1 - self.viewport().height()
        if rect.top() < 0 or below > 0:
            bar.setValue(bar.value() + (rect.top() if rect.top() < 0 else below))

    # Painting

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.viewport().update()
        super().changeEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setFont(small(self.font()))
        for place in self._visible():
            self._draw_cell(painter, place)

    def _draw_cell(self, painter: QPainter, place: int) -> None:
        c, row, cell = colours(), int(self._rows[place]), self.place_rect(place)
        half = UNIT // 2
        size = QSize(cell.width() - UNIT, self._cell.height())
        pictures = QRect(cell.topLeft() + QPoint(half, half // 2), size)
        images = self._images.get(row)
        if images is None:
            painter.fillRect(pictures, QColor(c.window))
        else:
            for i, image in enumerate(images[: 2 if self._pairs else 1]):
                left = QPointF(pictures.x() + i * self._cell.width(), pictures.y())
                draw(painter, QRectF(left, self._cell.toSizeF()), image, smooth=False)
        for which, colour in (
            (self._marked == row, c.text),
            (self.pointer.current == place, c.accent),
        ):
            if which:
                painter.setPen(QPen(QColor(colour), 2))
                painter.drawRect(pictures.adjusted(-1, -1, 1, 1))
        strong = row < len(self._strong) and bool(self._strong[row])
        painter.setPen(QColor(c.text if strong else c.muted))
        below = QRect(cell.x(), pictures.bottom() + 2, cell.width(), CAPTION)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, self._captions(row))
