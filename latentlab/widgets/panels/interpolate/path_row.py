"""Row of the Interpolate panel: name, images and support of one kind of path."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from latentlab.latent.interpolation.curves import PathKind
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.images.tile_view import ImageGrid
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT, small
from latentlab.widgets.panels.interpolate.support_bar import SupportBar

if TYPE_CHECKING:
    from latentlab.session.interpolation import DecodedPath
    from latentlab.session.points import Tiles
    from latentlab.work import Progress

NAMES = {
    PathKind.STRAIGHT: "Straight",
    PathKind.SPHERICAL: "Spherical",
    PathKind.DATA: "Data",
    PathKind.GEODESIC: "Geodesic",
}
KIND_TIPS = {
    PathKind.STRAIGHT: "The straight line from A to B in equal steps.",
    PathKind.SPHERICAL: "The arc around the origin. It keeps the norm of z as likely as before; "
    "in many dimensions a straight line crosses a region without codes.",
    PathKind.DATA: "The shortest path from code to neighbouring code, in equal steps. It stays "
    "near the data.",
    PathKind.GEODESIC: "The path along which images change least, in equal steps: the shortest "
    "path under the metric that the decoder pulls back from pixel space.",
}
NAME_WIDTH = 72
"""Width of the name column, in pixels."""
QWIDGETSIZE_MAX = 16777215  # Qt's constant; PySide does not export it
MIN_IMAGE_WIDTH = 16
"""Minimum width of an image in a strip of one line, in pixels."""


class PathRow(QWidget):
    """Strip of decoded images of one kind of path.

    Parameters
    ----------
    way : PathKind
        Kind of path.
    """

    cancelled = Signal()

    def __init__(self, way: PathKind, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.way = way
        self._is_only_row = True
        self.tiles: Tiles | None = None
        self.name = QToolButton()
        self.name.setText(NAMES[way])
        self.name.setCheckable(True)
        self.name.setFont(small(self.name.font()))
        self.name.setAccessibleName(f"{NAMES[way]} path")
        self.name.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._progress = muted(stretch=False)
        self.cancel = IconButton("close", "Stop the search for this path")
        self.cancel.clicked.connect(self.cancelled)
        self.view = ImageGrid("Drag the handles A and B on the map.", gap=1)
        self.view.setMinimumHeight(24)
        self.view.setAccessibleName(f"{NAMES[way]} path from A to B")
        self.bar = SupportBar(self.view)
        self._side = QWidget()
        self._side.setFixedWidth(NAME_WIDTH)
        side = QGridLayout(self._side)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(0)
        side.addWidget(self.name, 0, 0, 1, 2)
        side.addWidget(self._progress, 1, 0, Qt.AlignmentFlag.AlignRight)
        side.addWidget(self.cancel, 1, 1)
        side.setRowStretch(2, 1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(UNIT // 2)
        grid.setVerticalSpacing(0)
        strip = QVBoxLayout()
        strip.setSpacing(0)
        strip.addWidget(self.view, 1)
        strip.addWidget(self.bar)
        strip.addStretch(0)
        grid.addWidget(self._side, 0, 0)
        grid.addLayout(strip, 0, 1)
        grid.setColumnStretch(1, 1)
        self.show_strip(None)
        self.show_work(None)

    def show_tiles(self, tiles: Tiles | None) -> None:
        """Show other images; the framed step stays framed."""
        current = self.view.current
        self.tiles = tiles
        self._update_layout()
        self.view.set_tiles(tiles)
        if tiles and current < len(tiles.points):
            self.view.set_current(current)
        self.bar.update()

    def show_strip(self, strip: DecodedPath | None, *, pictures: bool = True) -> None:
        """Show the support of a path and, if `pictures`, its images."""
        if pictures:
            self.show_tiles(strip.tiles if strip else None)
        self.bar.set_support(strip.support if strip else None)
        length = f" Its images change by {strip.length:.1f} in total." if strip else ""
        note = f" {strip.note}" if strip and strip.note else ""
        self.name.setToolTip(
            f"{KIND_TIPS[self.way]}{length}{note} Click to play and save this path."
        )

    def show_work(self, loading: Progress | None) -> None:
        """Show the progress of the search and a cancel button; None hides both."""
        fraction = loading.fraction if loading else None
        self._progress.setText("…" if fraction is None else f"{100 * fraction:.0f} %")
        self._progress.setVisible(loading is not None)
        self.cancel.setVisible(loading is not None)

    def set_alone(self, alone: bool) -> None:
        """Hide the name if this is the only row; else keep the strip in one line."""
        self._is_only_row = alone
        self._side.setVisible(not alone)
        self._update_layout()

    def _update_layout(self) -> None:
        """Use one line if there are other rows, to compare steps, unless images get too small."""
        count = len(self.tiles.points) if self.tiles else 0
        width = self.view.width()
        one_line = bool(count) and not self._is_only_row and count * MIN_IMAGE_WIDTH <= width
        self.view.set_fixed_columns(one_line)
        # Limit the height to that of the images, so that the bars are directly below them.
        limit = QWIDGETSIZE_MAX
        if one_line and self.tiles:
            h, w = self.tiles.pictures.shape[1:3]
            limit = max(MIN_IMAGE_WIDTH, round(width * h / (count * (w + 1) - 1)))
        self.view.setMaximumHeight(limit)

    @override
    def resizeEvent(self, event: QEvent) -> None:
        self._update_layout()
