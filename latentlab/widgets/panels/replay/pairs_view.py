"""Originals above their reconstructions, in the number of columns that fits best."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtGui import QColor

from latentlab.session.files.mosaic import tile
from latentlab.widgets.kit.images.image_view import ImageView
from latentlab.widgets.kit.theme import colours

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtCore import QEvent


class PairsView(ImageView):
    """Image of the originals, each with its reconstruction below it."""

    def __init__(self) -> None:
        super().__init__()
        self._pairs: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None
        self._columns = 0
        self.setAccessibleName("Originals above their reconstructions")
        self.setToolTip("Held-out images, the same in every epoch, each above its reconstruction.")

    def set_pairs(self, originals: NDArray[np.uint8], reconstructions: NDArray[np.uint8]) -> None:
        """Show images; both arrays have shape (R, H, W) or (R, H, W, 3)."""
        self._pairs = originals, reconstructions
        self._set_columns(self._best_columns())

    def _best_columns(self) -> int:
        if not self._pairs or not len(self._pairs[0]):
            return 0
        count, height, width = self._pairs[0].shape[:3]

        def scale(columns: int) -> float:
            rows = 2 * -(-count // columns)
            return float(min(self.width() / columns / width, self.height() / rows / height))

        return max(range(1, count + 1), key=scale)

    def _set_columns(self, columns: int) -> None:
        self._columns = columns
        if not self._pairs or not columns:
            self.set_pixels(None)
            return
        background = QColor(colours().base).lightness()
        bands = []
        for start in range(0, len(self._pairs[0]), columns):
            for images in self._pairs:
                band = np.full((columns, *images.shape[1:]), background, np.uint8)
                part = images[start : start + columns]
                band[: len(part)] = part
                bands.append(band)
        self.set_pixels(tile(np.concatenate(bands), columns, 1, background))

    @override
    def resizeEvent(self, event: QEvent) -> None:
        if (best := self._best_columns()) != self._columns:
            self._set_columns(best)

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == event.Type.PaletteChange and self._pairs:
            self._set_columns(self._columns)
        super().changeEvent(event)
