"""Toolbars of the Own picture panel: draw, crop and mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QButtonGroup, QPushButton, QSlider, QToolButton, QWidget

from latentlab.widgets.kit.flow_layout import FlowLayout
from latentlab.widgets.kit.icons import IconButton, make_toggle_button
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from latentlab.widgets.panels.own_image.canvas import DrawCanvas
    from latentlab.widgets.panels.own_image.mask_view import MaskView

PALETTE = {
    "ink": "#1c2230",
    "white": "#ffffff",
    "skin": "#e8b898",
    "brown": "#7a4a2b",
    "red": "#d1352b",
    "yellow": "#f2c230",
    "green": "#4c9a4f",
    "blue": "#3a72d8",
}
WIDTH_RANGE = (2, 24)
"""Minimum and maximum width of a pen or brush, in hundredths of the image."""


class ToolRow(QWidget):
    """Row of tools that wraps onto several lines."""

    def __init__(self) -> None:
        super().__init__()
        self.flow = FlowLayout(UNIT // 2, self)

    def place(self, *widgets: QWidget) -> None:
        """Append tools to the row."""
        for widget in widgets:
            widget.setMinimumHeight(24)
            self.flow.addWidget(widget)


def size_slider(value: int, what: str) -> QSlider:
    """Return a slider for the width of a pen or brush; `what` is its name."""
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(*WIDTH_RANGE)
    slider.setValue(value)
    slider.setFixedWidth(48)
    slider.setAccessibleName(f"Width of the {what}")
    slider.setToolTip(f"Width of the {what}, in hundredths of the image.")
    return slider


class DrawTools(ToolRow):
    """Pen, eraser, colours and undo.

    Parameters
    ----------
    canvas : DrawCanvas
        Canvas that the tools act on.
    """

    def __init__(self, canvas: DrawCanvas) -> None:
        super().__init__()
        self._canvas = canvas
        self.width_slider = size_slider(round(100 * canvas.pen_width), "pen")
        self.eraser = IconButton("eraser", "Erase instead of drawing")
        self.eraser.setCheckable(True)
        self.undo = IconButton("undo", "Remove the last stroke (Ctrl+Z on the canvas)")
        self.clear = IconButton("clear", "Clear the canvas; undo restores it")
        self.fill = IconButton("fill", "Fill the canvas with the colour of the pen")
        self.center = make_toggle_button(
            "center",
            "Centre as in MNIST",
            "Scale the drawing to 20 of 28 pixels and centre its mass, as in MNIST. A model of "
            "MNIST has seen only such digits.",
        )
        self._swatches = QButtonGroup(self)
        self.place(self.width_slider, self.eraser, self.undo, self.clear)
        self.place(*self._make_swatches(), self.fill, self.center)
        self.width_slider.valueChanged.connect(self._on_width)
        self.eraser.toggled.connect(self._on_eraser)
        self.undo.clicked.connect(canvas.undo)
        self.clear.clicked.connect(canvas.clear)
        self.fill.clicked.connect(canvas.fill)
        self._swatches.buttonClicked.connect(self._on_swatch)
        canvas.changed.connect(self._show_canvas)
        self._show_canvas()

    def _make_swatches(self) -> list[QToolButton]:
        for name, colour in PALETTE.items():
            button = QToolButton()
            button.setCheckable(True)
            button.setProperty("colour", colour)
            button.setIcon(_swatch(colour))
            button.setIconSize(QSize(14, 14))
            button.setToolTip(f"Draw in {name}")
            button.setAccessibleName(name)
            self._swatches.addButton(button)
        self._swatches.buttons()[0].setChecked(True)
        return [b for b in self._swatches.buttons() if isinstance(b, QToolButton)]

    def offer(self, *, colour: bool, center: bool) -> None:
        """Show the tools that apply to the images of a model."""
        for widget in (*self._swatches.buttons(), self.fill):
            widget.setVisible(colour)
        self.center.setVisible(not colour)
        self.center.setChecked(center and not colour)
        self._swatches.buttons()[0].setChecked(True)

    @Slot(int)
    def _on_width(self, hundredths: int) -> None:
        self._canvas.pen_width = hundredths / 100

    @Slot(bool)
    def _on_eraser(self, erasing: bool) -> None:
        self._canvas.erasing = erasing

    @Slot(object)
    def _on_swatch(self, button: QToolButton) -> None:
        self._canvas.pen = str(button.property("colour"))
        self.eraser.setChecked(False)

    @Slot()
    def _show_canvas(self) -> None:
        self.undo.setEnabled(self._canvas.can_undo)
        self.clear.setEnabled(bool(self._canvas.strokes))


class CropTools(ToolRow):
    """Invert, centre, and reset of the crop frame."""

    changed = Signal()
    """Invert or centre was toggled."""
    whole = Signal()
    """Reset of the crop frame to the largest part of the image."""

    def __init__(self) -> None:
        super().__init__()
        self.invert = make_toggle_button(
            "invert",
            "Invert",
            "Swap light and dark, for dark ink on paper where the model knows light on black.",
        )
        self.center = make_toggle_button(
            "center",
            "Centre as in MNIST",
            "Cut out the light drawing on black, scale it to 20 of 28 pixels and centre its "
            "mass, as in MNIST.",
        )
        reset = IconButton("reset", "Use as much of the image as possible")
        self.place(self.invert, self.center, reset)
        self.invert.clicked.connect(self.changed)
        self.center.clicked.connect(self.changed)
        reset.clicked.connect(self.whole)


class MaskTools(ToolRow):
    """Brush, eraser, and inpainting of the masked part.

    Parameters
    ----------
    mask : MaskView
        Mask that the tools act on.
    """

    def __init__(self, mask: MaskView) -> None:
        super().__init__()
        self._mask = mask
        self.width_slider = size_slider(round(100 * mask.brush), "brush")
        self.eraser = IconButton("eraser", "Uncover instead of hiding")
        self.eraser.setCheckable(True)
        self.clear = IconButton("clear", "Show the whole image again: nothing is hidden")
        self.invert = IconButton("invert", "Swap the hidden and the visible part")
        self.fill_in = QPushButton("Fill in")
        self.fill_in.setToolTip(
            "Find the z that explains the visible part best, argmax log p(x visible | z) + log "
            "p(z), and set z to it."
        )
        self.others = QPushButton("Other fillings")
        self.others.setToolTip(
            "Draw six other fillings: encode and decode in turns, with the visible part fixed. "
            "Click one to set z to it."
        )
        self.place(self.width_slider, self.eraser, self.clear, self.invert)
        self.place(self.fill_in, self.others)
        self.width_slider.valueChanged.connect(self._on_width)
        self.eraser.toggled.connect(self._on_eraser)
        self.clear.clicked.connect(mask.clear)
        self.invert.clicked.connect(mask.invert)
        mask.changed.connect(self.show_mask)
        self.show_mask()

    @Slot()
    def show_mask(self) -> None:
        """Enable the tools that apply to the current mask."""
        hidden, ready = self._mask.hidden, self._mask.ready()
        can_inpaint = ready and bool(hidden.any()) and not bool(hidden.all())
        self.fill_in.setEnabled(can_inpaint)
        self.others.setEnabled(can_inpaint)
        self.clear.setEnabled(bool(hidden.any()))
        self.invert.setEnabled(ready)

    @Slot(int)
    def _on_width(self, hundredths: int) -> None:
        self._mask.brush = hundredths / 100

    @Slot(bool)
    def _on_eraser(self, erasing: bool) -> None:
        self._mask.erasing = erasing


def _swatch(colour: str) -> QIcon:
    pixmap = QPixmap(28, 28)
    pixmap.fill(QColor("#808080"))  # a border visible on light and dark themes
    painter = QPainter(pixmap)
    painter.fillRect(pixmap.rect().adjusted(2, 2, -2, -2), QColor(colour))
    painter.end()
    return QIcon(pixmap)
