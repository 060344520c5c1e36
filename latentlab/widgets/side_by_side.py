"""Pictures in a row, each below its name and above its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from latentlab.widgets.image_view import ImageView
from latentlab.widgets.labels import muted
from latentlab.widgets.theme import UNIT, small

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class SideBySide(QWidget):
    """Columns of a name, a picture and what is to be said of it; a line below all.

    Parameters
    ----------
    count : int
        How many columns.
    lines : int
        Lines of text below each picture, whose room is kept.
    """

    def __init__(self, count: int, lines: int = 1) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT // 2)
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        self.columns = [_Column(lines) for _ in range(count)]
        for each in self.columns:
            row.addWidget(each, 1)
        column.addLayout(row, 1)
        self.text = QLabel()
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.text.setWordWrap(True)
        column.addWidget(self.text)

    def show_text(self, text: str) -> None:
        """Write below all."""
        self.text.setText(text)
        self.text.setVisible(bool(text))


class _Column(QWidget):
    def __init__(self, lines: int) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT // 2)
        self.name = muted()
        self.view = ImageView()
        self.caption = QLabel()
        self.caption.setFont(small(self.caption.font()))
        self.caption.setMinimumHeight(lines * self.caption.fontMetrics().lineSpacing())
        middle, top = Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignTop
        self.name.setAlignment(middle)
        self.caption.setAlignment(middle | top)
        for widget in (self.name, self.view, self.caption):
            column.addWidget(widget, int(widget is self.view))

    def show_picture(self, name: str, pixels: NDArray[np.uint8] | None, caption: str = "") -> None:
        """Show a picture under a name, or keep its place."""
        self.name.setText(name)
        self.name.setToolTip(name)
        self.view.set_pixels(pixels)
        self.view.setAccessibleName(f"{name}: {caption}" if caption else name)
        self.caption.setText(caption)
