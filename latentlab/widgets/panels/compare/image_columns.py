"""Columns of images, each with its reconstructions by two models."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from latentlab.session.points import Point, Tiles
from latentlab.widgets.kit.images.tile_view import ImageGrid
from latentlab.widgets.kit.labels import RIGHT
from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint
    from PySide6.QtGui import QResizeEvent

    from latentlab.session.comparison import ImageComparisons

NAMES = ("image", "model A", "model B")


class ImageColumns(QWidget):
    """One column per image: the image, A's reconstruction and B's."""

    chosen = Signal(int)
    """Row on the map of the column that was clicked or confirmed with Enter."""
    hovered = Signal(int)
    """Row on the map of the column under the cursor or reached with the keyboard; -1 for none."""

    def __init__(self) -> None:
        super().__init__()
        self._columns: ImageComparisons | None = None
        self.view = ImageGrid("", fixed_columns=True, gap=1)
        self.view.setAccessibleName("Images, and their reconstructions by model A and model B")
        # Beside labels with word wrap, Qt takes the size hint as the minimum height.
        self.view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self._names = _Names(self.view)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT // 2)
        # The outer stretches take only the space left by the tiles: names stay beside them.
        row.addStretch(1)
        row.addWidget(self._names)
        row.addWidget(self.view, 1000)
        row.addStretch(1)
        self.view.chosen.connect(self._on_chosen)
        self.view.hovered.connect(self._on_hovered)

    def show_columns(self, columns: ImageComparisons | None) -> None:
        """Show images and their reconstructions; None clears them."""
        if columns is self._columns:
            return
        self._columns = columns
        if columns is None:
            self.view.set_tiles(None)
            return
        pictures = np.concatenate([columns.pictures, columns.first, columns.second])
        # The points are unknown here, and the view does not need them.
        self.view.set_tiles(Tiles((Point(()),) * len(pictures), pictures, len(columns.rows)))
        self._update_maximum_width()
        self._names.update()

    def _update_maximum_width(self) -> None:
        if self._columns is not None:
            count, height, width = self._columns.pictures.shape[:3]
            self.view.setMaximumWidth(round(self.height() * count * width / (3 * height)))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._update_maximum_width()

    def row_of(self, tile: int) -> int:
        """Return the row on the map of a tile's image, or -1."""
        if self._columns is None or tile < 0:
            return -1
        return self._columns.rows[tile % len(self._columns.rows)]

    def row_shown_at(self, place: QPoint) -> int:
        """Return the row on the map of the image at a position; -1 if there is none."""
        return self.row_of(self.view.index_at(QPointF(self.view.mapFrom(self, place))))

    def tip(self, tile: int) -> str:
        """Return the tooltip of a tile's column."""
        if self._columns is None or tile < 0:
            return ""
        i = tile % len(self._columns.rows)
        a, b = self._columns.errors[:, i]
        return (
            f"Image {self._columns.rows[i]}: MSE of A {a:.4f}, of B {b:.4f}. Click to set z to "
            "its code."
        )

    @Slot(int)
    def _on_chosen(self, tile: int) -> None:
        if (row := self.row_of(tile)) >= 0:
            self.chosen.emit(row)

    @Slot(int)
    def _on_hovered(self, tile: int) -> None:
        self.view.setToolTip(self.tip(tile))
        self.hovered.emit(self.row_of(tile))


class _Names(QWidget):
    """Titles of the rows of tiles."""

    def __init__(self, view: ImageGrid) -> None:
        super().__init__()
        self._view = view
        self.setFont(small(self.font()))
        widest = max(self.fontMetrics().horizontalAdvance(name) for name in NAMES)
        self.setFixedWidth(widest + UNIT // 2)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QColor(colours().muted))
        for row_index, name in enumerate(NAMES):
            tile = self._view.tile_rect(row_index * self._view.columns)
            if not tile.isEmpty():
                rect = QRectF(0, tile.y(), self.width(), tile.height())
                painter.drawText(rect, int(RIGHT), name)
