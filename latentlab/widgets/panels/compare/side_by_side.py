"""Images in a row, each with its name above and its numbers below."""

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


FILL_STRETCH = 1000
"""Stretch factor beside which a factor of 1 has no effect."""
MIN_COLUMN_WIDTH = 16 * UNIT
"""Minimum width of a column in pixels, for its name and numbers."""


class ImageComparisonRow(QWidget):
    """Columns of a name, an image and a caption; or one text in place of all columns.

    Parameters
    ----------
    count : int
        Number of columns.
    lines : int
        Lines of text reserved below each image.
    """

    def __init__(self, count: int, lines: int = 1) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT)
        self.columns = [_Column(lines) for _ in range(count)]
        # The outer stretches take only the width that the columns leave at their maximum width.
        row.addStretch(1)
        for column in self.columns:
            row.addWidget(column, FILL_STRETCH)
        self.text = QLabel()
        self.text.setObjectName("muted")
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.text.setWordWrap(True)
        row.addWidget(self.text, FILL_STRETCH)
        row.addStretch(1)
        self.show_text("")

    def show_text(self, text: str) -> None:
        """Show a text in place of the columns; an empty text shows the columns."""
        self.text.setText(text)
        self.text.setVisible(bool(text))
        for column in self.columns:
            column.setVisible(not text)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for column in self.columns:
            column.setMaximumWidth(max(MIN_COLUMN_WIDTH, round(self.height() / column.ratio)))


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
        # Beside labels with word wrap, Qt takes the size hint as the minimum height.
        self.view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        # The outer stretches take only the height that the image leaves at its maximum height.
        column.addStretch(1)
        column.addWidget(self.name)
        column.addWidget(self.view, FILL_STRETCH)
        column.addWidget(self.caption)
        column.addStretch(1)

    def show_picture(self, name: str, pixels: NDArray[np.uint8] | None, caption: str = "") -> None:
        """Show an image below its name; None leaves its place empty."""
        self._title = name
        if pixels is not None:
            self.ratio = pixels.shape[0] / pixels.shape[1]
        self.name.setToolTip(name)
        self.view.set_pixels(pixels)
        self.view.setAccessibleName(f"{name}: {caption}" if caption else name)
        self.caption.setText(caption)
        self._update_size()

    def _update_size(self) -> None:
        metrics, mode = self.name.fontMetrics(), Qt.TextElideMode.ElideRight
        self.name.setText(metrics.elidedText(self._title, mode, self.width()))
        height = round(self.width() * self.ratio)
        self.view.setMaximumHeight(max(height, self.view.minimumHeight()))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._update_size()
