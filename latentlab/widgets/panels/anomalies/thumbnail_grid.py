"""Scrollable grid of thumbnails that requests only the visible ones."""

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

from latentlab.session.files.mosaic import square_columns
from latentlab.session.points import Tiles
from latentlab.widgets.kit.export.content import Content, one_image
from latentlab.widgets.kit.export.exporting import Exporting
from latentlab.widgets.kit.images.cell_pointer import GridNavigation
from latentlab.widgets.kit.images.image_view import draw_image
from latentlab.widgets.kit.images.qimage import to_qimage
from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from latentlab.session.scores.anomalies import Thumbnails

    Pixels = tuple[NDArray[np.uint8], NDArray[np.uint8]]

THUMBNAIL_SIZE = 48
"""Target of a thumbnail's longer side, in pixels; small images are scaled by whole factors."""
CAPTION = 2 * UNIT
MAX_THUMBNAILS_PER_REQUEST = 24
"""Maximum number of thumbnails per request, which keeps each request short."""
MAX_CACHED_THUMBNAILS = 600
"""Maximum number of thumbnails in memory."""


class ThumbnailGrid(QAbstractScrollArea):
    """Thumbnails in a given order, with a caption below each.

    Parameters
    ----------
    describe : callable
        Takes a row and returns its tooltip.
    """

    wanted = Signal(object)
    """Visible rows whose thumbnails are not loaded, a tuple of int."""
    hovered = Signal(int)
    """Row under the cursor or reached with the keyboard; -1 when the cursor leaves."""
    chosen = Signal(int)
    """Row that was clicked, or confirmed with Enter."""

    def __init__(self, describe: Callable[[int], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._describe = describe
        self._rows = np.empty(0, np.int64)
        self._captions: Callable[[int], str] = str
        self._strong: NDArray[np.bool_] = np.empty(0, bool)
        self._images: dict[int, tuple[QImage, QImage]] = {}
        self._pixels: dict[int, Pixels] = {}
        self._requested: tuple[int, ...] = ()
        self._cell = QSize(THUMBNAIL_SIZE, THUMBNAIL_SIZE)
        self._pairs = False
        self._marked = -1
        self.pointer = GridNavigation(self, self.viewport())
        self.pointer.hovered.connect(self._on_hovered)
        self.pointer.chosen.connect(self._on_chosen)
        self.pointer.reached.connect(self._ensure_visible)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # A bar that appears on demand would change the width and the number of columns.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAutoFillBackground(False)
        self.setMinimumSize(2 * THUMBNAIL_SIZE, THUMBNAIL_SIZE)
        self.exporting = Exporting(self, self._content, surface=self.viewport(), part=self._part)
        self.exporting.name = "thumbnails"

    # Content

    def set_shape(self, height: int, width: int) -> None:
        """Set the image size in pixels, and discard the loaded thumbnails."""
        longest = max(height, width)
        scale = (
            max(1.0, round(THUMBNAIL_SIZE / longest))
            if longest <= 2 * THUMBNAIL_SIZE
            else THUMBNAIL_SIZE / longest
        )
        self._cell = QSize(max(1, round(width * scale)), max(1, round(height * scale)))
        self._images.clear()
        self._pixels.clear()
        self._requested = ()
        self._update_scroll_range()

    def set_rows(self, rows: NDArray[np.int64], captions: Callable[[int], str]) -> None:
        """Show rows in this order from the top; `captions` returns the caption of a row."""
        self.pointer.point_at(-1)
        self._rows, self._captions = rows, captions
        self.verticalScrollBar().setValue(0)
        self._update_scroll_range()

    def set_strong(self, strong: NDArray[np.bool_]) -> None:
        """Highlight captions by a mask over all rows, shape (N,)."""
        self._strong = strong
        self.viewport().update()

    def set_pairs(self, pairs: bool) -> None:
        """Show or hide the reconstructions beside the originals."""
        self._pairs = pairs
        self._update_scroll_range()

    def set_marked(self, row: int | None) -> None:
        """Frame the row that z is at, or none."""
        self._marked = -1 if row is None else row
        self.viewport().update()

    def add(self, some: Thumbnails) -> None:
        """Add requested thumbnails, and request the visible ones still missing."""
        for row, *both in zip(some.rows, some.pictures, some.reconstructions, strict=True):
            self._pixels.pop(row, None)
            self._pixels[row] = both[0], both[1]
            self._images[row] = to_qimage(both[0]), to_qimage(both[1])
        for row in list(self._pixels)[: max(0, len(self._pixels) - MAX_CACHED_THUMBNAILS)]:
            del self._pixels[row], self._images[row]
        self._requested = ()
        self._request_missing()
        self.viewport().update()

    def pixels_of(self, row: int) -> Pixels | None:
        """Return an image and its reconstruction, or None if they are not loaded."""
        return self._pixels.get(row)

    def _content(self) -> Content | None:
        """Return the loaded images in their order, each before its reconstruction if both show."""
        shown = [self._pixels[row] for row in self._rows.tolist() if row in self._pixels]
        if not shown:
            return None
        images = [image for pair in shown for image in (pair if self._pairs else pair[:1])]
        count = 2 if self._pairs else 1
        return Content(Tiles((), np.stack(images), count * square_columns(len(shown))), gap=1)

    def _part(self, place: QPointF) -> Content | None:
        """Return the image at a position."""
        index = self.index_at(place)
        pair = self._pixels.get(int(self._rows[index])) if index >= 0 else None
        return Content(one_image(pair[0])) if pair else None

    @property
    def current(self) -> int:
        """Row at the pointer, or -1."""
        return int(self._rows[self.pointer.current]) if self.pointer.current >= 0 else -1

    # Geometry

    @property
    def _cell_pitch(self) -> QSize:
        width = (2 if self._pairs else 1) * self._cell.width()
        return QSize(width + UNIT, self._cell.height() + CAPTION + UNIT // 2)

    @property
    def count(self) -> int:
        """Number of thumbnails."""
        return len(self._rows)

    @property
    def columns(self) -> int:
        """Number of columns."""
        return max(1, self.viewport().width() // self._cell_pitch.width())

    def row_shown_at(self, place: QPoint) -> int:
        """Return the row of the image at a position; -1 if there is none."""
        index = self.index_at(QPointF(place))
        return int(self._rows[index]) if index >= 0 else -1

    def visible_rows(self) -> list[int]:
        """Return the visible rows, from the top."""
        return [int(self._rows[place]) for place in self._visible()]

    def _visible(self) -> range:
        top, height = self.verticalScrollBar().value(), self._cell_pitch.height()
        first = top // height * self.columns
        last = ((top + self.viewport().height() - 1) // height + 1) * self.columns
        return range(first, min(last, len(self._rows)))

    def place_rect(self, place: int) -> QRect:
        """Return the rectangle of a cell on the viewport; `place` is its position in the order."""
        y, x = divmod(place, self.columns)
        pitch = self._cell_pitch
        top = y * pitch.height() - self.verticalScrollBar().value()
        return QRect(x * pitch.width(), top, pitch.width(), pitch.height())

    def index_at(self, place: QPointF) -> int:
        """Return the position in the order of the cell at a viewport point, or -1."""
        pixel, pitch = place.toPoint(), self._cell_pitch
        x = pixel.x() // pitch.width()
        index = (pixel.y() + self.verticalScrollBar().value()) // pitch.height() * self.columns + x
        return index if 0 <= x < self.columns and 0 <= index < self.count else -1

    def _update_scroll_range(self) -> None:
        lines = -(-len(self._rows) // self.columns)
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, lines * self._cell_pitch.height() - height))
        bar.setPageStep(height)
        bar.setSingleStep(self._cell_pitch.height() // 2)
        self._request_missing()
        self.viewport().update()

    def _request_missing(self) -> None:
        missing = [row for row in self.visible_rows() if row not in self._images]
        rows = tuple(missing[:MAX_THUMBNAILS_PER_REQUEST])
        if rows and rows != self._requested:
            self._requested = rows
            self.wanted.emit(rows)

    # Events

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._update_scroll_range()

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._request_missing()
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
        """Do nothing: `GridNavigation` handles the release."""

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Do nothing: `GridNavigation` handles presses; others do not reach the parent."""

    @Slot(int)
    def _on_hovered(self, index: int) -> None:
        self.hovered.emit(self.current)

    @Slot(int)
    def _on_chosen(self, index: int) -> None:
        self.chosen.emit(self.current)

    @Slot(int)
    def _ensure_visible(self, place: int) -> None:
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
                draw_image(painter, QRectF(left, self._cell.toSizeF()), image, smooth=False)
        for is_framed, colour in (
            (self._marked == row, c.text),
            (self.pointer.current == place, c.accent),
        ):
            if is_framed:
                painter.setPen(QPen(QColor(colour), 2))
                painter.drawRect(pictures.adjusted(-1, -1, 1, 1))
        strong = row < len(self._strong) and bool(self._strong[row])
        painter.setPen(QColor(c.text if strong else c.muted))
        below = QRect(cell.x(), pictures.bottom() + 2, cell.width(), CAPTION)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, self._captions(row))
