"""A sheet of tiles that scrolls, with a name before each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from latentlab.widgets.kit.images.tile_view import TileView
from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latentlab.session.points import Tiles

SIDE = 72
"""Pixels of the column of names."""
LARGEST = 56
"""Pixels of a tile at most: a sheet is to be looked over."""


class LabelledRows(QScrollArea):
    """Rows of tiles below one another, as many as there are; announces when the last is seen.

    Parameters
    ----------
    caption : str
        Shown where there are no tiles.
    """

    ran_out = Signal()
    """The last row has come into sight."""

    def __init__(self, caption: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.sheet = _Sheet(caption)
        self.setWidget(self.sheet)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    @property
    def view(self) -> TileView:
        """The tiles."""
        return self.sheet.view

    def set_rows(self, tiles: Tiles | None, names: Sequence[tuple[str, str]]) -> None:
        """Show tiles, with a name and a line below it for each row."""
        self.sheet.set_rows(tiles, names)

    @Slot(int)
    def _on_scrolled(self, value: int) -> None:
        if value == self.verticalScrollBar().maximum():
            self.ran_out.emit()


class _Sheet(QWidget):
    def __init__(self, caption: str) -> None:
        super().__init__()
        self.view = TileView(caption, fixed_columns=True, gap=1, parent=self)
        self._names: Sequence[tuple[str, str]] = ()
        self._tiles: Tiles | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)

    def set_rows(self, tiles: Tiles | None, names: Sequence[tuple[str, str]]) -> None:
        """Show tiles and names."""
        self._tiles, self._names = tiles, names
        self._lay_out()
        self.view.set_tiles(tiles)
        self.update()

    def _lay_out(self) -> None:
        if not self._tiles or not self._names:
            self.setMinimumHeight(0)
            self.view.setGeometry(self.rect())
            return
        columns, rows = self._tiles.columns, len(self._names)
        height, width = self._tiles.pictures.shape[1:3]
        # As the picture of all tiles is: their pixels and those between them.
        wide, tall = columns * (width + 1) - 1, rows * (height + 1) - 1
        room = min(self.width() - SIDE, LARGEST * columns)
        self.setMinimumHeight(round(room * tall / wide))
        self.view.setGeometry(SIDE, 0, room, round(room * tall / wide))

    @override
    def sizeHint(self) -> QSize:
        return QSize(320, self.minimumHeight())

    @override
    def resizeEvent(self, event: QEvent) -> None:
        self._lay_out()

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
        super().changeEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._tiles:
            return
        painter = QPainter(self)
        painter.setFont(small(self.font()))
        for row, (name, more) in enumerate(self._names):
            tile = self.view.tile_rect(row * self._tiles.columns)
            room = QRectF(0, tile.y(), SIDE - UNIT, tile.height())
            middle = (
                room.adjusted(0, 0, 0, -room.height() / 2),
                room.adjusted(0, room.height() / 2, 0, 0),
            )
            both = room.height() >= 28
            painter.setPen(QColor(colours().text))
            low = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
            centre = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(middle[0] if both else room, int(low if both else centre), name)
            if both:
                painter.setPen(QColor(colours().muted))
                top = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
                painter.drawText(middle[1], int(top), more)
