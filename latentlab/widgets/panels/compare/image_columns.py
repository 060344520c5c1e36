"""A handful of images, each above what two models make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from latentlab.session.points import Point, Tiles
from latentlab.widgets.kit.images.tile_view import TileView
from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from latentlab.session.comparison import SeveralImages

NAMES = ("image", "A", "B")


class ImageColumns(QWidget):
    """One column per image: the image, A's reconstruction and B's."""

    chosen = Signal(int)
    """Row among the map's images of a column that was clicked or confirmed with Enter."""
    hovered = Signal(int)
    """Row of the column under the cursor or reached by key; -1 when there is none."""

    def __init__(self) -> None:
        super().__init__()
        self._columns: SeveralImages | None = None
        self.view = TileView("", fixed_columns=True, gap=1)
        self.view.setAccessibleName("Images, rebuilt by A and by B")
        # A hint would count as its least height where labels wrap their words.
        self.view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self._names = _Names(self.view)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT // 2)
        # The stretches take only what the tiles leave, so that names stand beside them.
        row.addStretch(1)
        row.addWidget(self._names)
        row.addWidget(self.view, 1000)
        row.addStretch(1)
        self.view.chosen.connect(self._on_chosen)
        self.view.hovered.connect(self._on_hovered)

    def show_columns(self, columns: SeveralImages | None) -> None:
        """Show images, or none."""
        if columns is self._columns:
            return
        self._columns = columns
        if columns is None:
            self.view.set_tiles(None)
            return
        pictures = np.concatenate([columns.pictures, columns.first, columns.second])
        # Where they lie is not known here, and the view need not know.
        self.view.set_tiles(Tiles((Point(()),) * len(pictures), pictures, len(columns.rows)))
        self._fit()
        self._names.update()

    def _fit(self) -> None:
        if self._columns is not None:
            count, height, width = self._columns.pictures.shape[:3]
            self.view.setMaximumWidth(round(self.height() * count * width / (3 * height)))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def row_of(self, tile: int) -> int:
        """Return which image of the map a tile stands for; -1 for none."""
        if self._columns is None or tile < 0:
            return -1
        return self._columns.rows[tile % len(self._columns.rows)]

    def tip(self, tile: int) -> str:
        """Return what is to be said of a tile's column."""
        if self._columns is None or tile < 0:
            return ""
        place = tile % len(self._columns.rows)
        a, b = self._columns.errors[:, place]
        return f"Image {self._columns.rows[place]}: MSE of A {a:.4f}, of B {b:.4f}. Click: go there"

    @Slot(int)
    def _on_chosen(self, tile: int) -> None:
        if (row := self.row_of(tile)) >= 0:
            self.chosen.emit(row)

    @Slot(int)
    def _on_hovered(self, tile: int) -> None:
        self.view.setToolTip(self.tip(tile))
        self.hovered.emit(self.row_of(tile))


class _Names(QWidget):
    """Says of each line of tiles whose it is."""

    def __init__(self, view: TileView) -> None:
        super().__init__()
        self._view = view
        self.setFont(small(self.font()))
        self.setFixedWidth(self.fontMetrics().horizontalAdvance(NAMES[0]) + UNIT // 2)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QColor(colours().muted))
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for line, name in enumerate(NAMES):
            tile = self._view.tile_rect(line * self._view.columns)
            if not tile.isEmpty():
                where = QRectF(0, tile.y(), self.width(), tile.height())
                painter.drawText(where, int(flags), name)
