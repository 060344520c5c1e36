"""Pictures in a row, each below its name and above its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from latentlab.widgets.kit.images.image_view import ImageView
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtGui import QResizeEvent


MOST = 1000
"""A stretch beside which others come to nothing."""
NARROW = 16 * UNIT
"""Width that names and numbers want at least."""


class SideBySide(QWidget):
    """Columns of a name, a picture and what is to be said of it; or a text in their place.

    Parameters
    ----------
    count : int
        How many columns.
    lines : int
        Lines of text below each picture, whose room is kept.
    """

    def __init__(self, count: int, lines: int = 1) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT)
        self.columns = [_Column(lines) for _ in range(count)]
        # The stretches take only what columns as wide as their pictures can be leave.
        row.addStretch(1)
        for each in self.columns:
            row.addWidget(each, MOST)
        self.text = QLabel()
        self.text.setObjectName("muted")
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.text.setWordWrap(True)
        row.addWidget(self.text, MOST)
        row.addStretch(1)
        self.show_text("")

    def show_text(self, text: str) -> None:
        """Write in place of the columns, or with no text show them."""
        self.text.setText(text)
        self.text.setVisible(bool(text))
        for each in self.columns:
            each.setVisible(not text)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for each in self.columns:
            each.setMaximumWidth(max(NARROW, round(self.height() / each.ratio)))


class _Column(QWidget):
    def __init__(self, lines: int) -> None:
        super().__init__()
        self._title, self.ratio = "", 1.0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT // 2)
        self.name = muted()
        self.view = ImageView()
        self.caption = muted()
        self.caption.setObjectName("")
        self.caption.setMinimumHeight(lines * self.caption.fontMetrics().lineSpacing())
        for label in (self.name, self.caption):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        # A hint would count as its least height where labels wrap their words.
        self.view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        # The stretches take only what is left of the height of a picture as wide as it can be.
        column.addStretch(1)
        column.addWidget(self.name)
        column.addWidget(self.view, MOST)
        column.addWidget(self.caption)
        column.addStretch(1)

    def show_picture(self, name: str, pixels: NDArray[np.uint8] | None, caption: str = "") -> None:
        """Show a picture under a name, or keep its place."""
        self._title = name
        if pixels is not None:
            self.ratio = pixels.shape[0] / pixels.shape[1]
        self.name.setToolTip(name)
        self.view.set_pixels(pixels)
        self.view.setAccessibleName(f"{name}: {caption}" if caption else name)
        self.caption.setText(caption)
        self._fit()

    def _fit(self) -> None:
        metrics, end = self.name.fontMetrics(), Qt.TextElideMode.ElideRight
        self.name.setText(metrics.elidedText(self._title, end, self.width()))
        high = round(self.width() * self.ratio)
        self.view.setMaximumHeight(max(high, self.view.minimumHeight()))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
