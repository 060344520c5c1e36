"""Scrollable rows of tiles, with a name before each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from latentlab.widgets.kit.images.tile_view import ImageGrid
from latentlab.widgets.kit.theme import UNIT, colours, small

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latentlab.session.points import Tiles

SIDE = 72
"""Width of the name column, in pixels."""
MAX_TILE_SIZE = 56
"""Maximum size of a tile in pixels, which keeps several rows in view."""


class LabelledRows(QScrollArea):
    """Rows of tiles that emit a signal when the last row is visible.

    Parameters
    ----------
    caption : str
        Text shown while there are no tiles.
    """

    ran_out = Signal()
    """The last row became visible."""

    def __init__(self, caption: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.sheet = _Sheet(caption)
        self.setWidget(self.sheet)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    @property
    def view(self) -> ImageGrid:
        """View of the tiles."""
        return self.sheet.view

    def set_rows(self, tiles: Tiles | None, names: Sequence[tuple[str, str]]) -> None:
        """Show tiles, with a name and a detail text for each row."""
        self.sheet.set_rows(tiles, names)

    @Slot(int)
    def _on_scrolled(self, value: int) -> None:
        if value == self.verticalScrollBar().maximum():
            self.ran_out.emit()


class _Sheet(QWidget):
    def __init__(self, caption: str) -> None:
        super().__init__()
        self.view = ImageGrid(caption, fixed_columns=True, gap=1, parent=self)
        self._names: Sequence[tuple[str, str]] = ()
        self._tiles: Tiles | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)

    def set_rows(self, tiles: Tiles | None, names: Sequence[tuple[str, str]]) -> None:
        """Show tiles and names."""
        self._tiles, self._names = tiles, names
        self._update_layout()
        self.view.set_tiles(tiles)
        self.update()

    def _update_layout(self) -> None:
        if not self._tiles or not self._names:
            self.setMinimumHeight(0)
            self.view.setGeometry(self.rect())
            return
        columns, rows = self._tiles.columns, len(self._names)
        height, width = self._tiles.pictures.shape[1:3]
        # Size of the mosaic in pixels: the tiles and the gaps between them.
        w, h = columns * (width + 1) - 1, rows * (height + 1) - 1
        view_width = min(self.width() - SIDE, MAX_TILE_SIZE * columns)
        self.setMinimumHeight(round(view_width * h / w))
        self.view.setGeometry(SIDE, 0, view_width, round(view_width * h / w))

    @override
    def sizeHint(self) -> QSize:
        return QSize(320, self.minimumHeight())

    @override
    def resizeEvent(self, event: QEvent) -> None:
        self._update_layout()

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
        for row, (name, detail) in enumerate(self._names):
            tile = self.view.tile_rect(row * self._tiles.columns)
            rect = QRectF(0, tile.y(), SIDE - UNIT, tile.height())
            halves = (
                rect.adjusted(0, 0, 0, -rect.height() / 2),
                rect.adjusted(0, rect.height() / 2, 0, 0),
            )
            both = rect.height() >= 28
            painter.setPen(QColor(colours().text))
            low = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
            centre = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(halves[0] if both else rect, int(low if both else centre), name)
            if both:
                painter.setPen(QColor(colours().muted))
                top = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
                painter.drawText(halves[1], int(top), detail)
