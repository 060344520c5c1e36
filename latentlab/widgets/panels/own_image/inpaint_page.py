"""Page that masks a part of the own image and inpaints it with the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from latentlab.session.own_image import Inpaint, InpaintSamples
from latentlab.widgets.kit.flow_layout import WrappingWidget
from latentlab.widgets.kit.images.tile_view import ImageGrid
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panels.own_image.mask_view import MaskView
from latentlab.widgets.panels.own_image.tools import MaskTools

if TYPE_CHECKING:
    from latentlab.session.points import Original
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller


FILLED = "filled in"


class InpaintPage(WrappingWidget):
    """Mask and its tools, with the inpaintings beside the mask.

    Parameters
    ----------
    controller : Controller
        Receives the requests, and the chosen inpainting.
    """

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self._seed = 0
        self.veiled = MaskView()
        self.brushes = MaskTools(self.veiled)
        self.fills = ImageGrid("", gap=1)
        self.fills.setAccessibleName("Fillings of the hidden part")
        self.fills.hide()
        self.progress, self.cancel = QProgressBar(), QPushButton("Cancel")
        self.progress.setTextVisible(False)
        self.cancel.setToolTip("Stop filling in; the image stays as it is.")
        self._busy = _row(self.progress, self.cancel)
        self._busy.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT // 2)
        column.addWidget(self.brushes)
        self.fills_caption = _caption(FILLED)
        self.fills_caption.hide()
        images = QGridLayout()
        images.setHorizontalSpacing(UNIT)
        images.setVerticalSpacing(2)
        images.addWidget(self.veiled, 0, 0)
        images.addWidget(_caption("masked"), 1, 0)
        images.addWidget(self.fills, 0, 1)
        images.addWidget(self.fills_caption, 1, 1)
        images.setRowStretch(0, 1)
        column.addLayout(images, 1)
        column.addWidget(self._busy)
        self.brushes.fill_in.clicked.connect(self._inpaint)
        self.brushes.others.clicked.connect(self._draw_samples)
        self.fills.hovered.connect(self._on_hovered)
        self.fills.chosen.connect(self._on_chosen)
        self.cancel.clicked.connect(self._on_cancel)

    def show_own(self, own: Original | None) -> None:
        """Show an image to mask, or none."""
        self.veiled.set_pixels(own.picture if own else None)
        self.brushes.show_mask()

    def show_fills(self, state: State) -> None:
        """Show the inpaintings of the current answer."""
        fills = state.answer(Inpaint)
        self.fills.set_tiles(fills.tiles if fills else None)
        if fills:
            # A lesson may have asked for them.
            self.veiled.show_mask(fills.hidden)
        for widget in (self.fills, self.fills_caption):
            widget.setVisible(fills is not None)
        count = len(fills.tiles.points) if fills else 0
        self.fills_caption.setText(FILLED if count < 2 else f"{FILLED}, then {count - 1} others")

    def show_work(self, state: State) -> None:
        """Show the progress of inpainting."""
        work = next(
            (state.working[k] for k in (Inpaint, InpaintSamples) if k in state.working), None
        )
        self._busy.setVisible(work is not None)
        if work:
            self.progress.setValue(round(100 * (work.fraction or 0)))
            self.progress.setToolTip(work.message)

    @Slot()
    def _inpaint(self) -> None:
        if own := self._controller.state.own:
            self._controller.ask(Inpaint(own, self.veiled.hidden))

    @Slot()
    def _draw_samples(self) -> None:
        if own := self._controller.state.own:
            self._seed += 1
            self._controller.ask(InpaintSamples(own, self.veiled.hidden, self._seed))

    @Slot()
    def _on_cancel(self) -> None:
        for kind in (Inpaint, InpaintSamples):
            self._controller.cancel(kind)

    @Slot(int)
    def _on_hovered(self, row: int) -> None:
        fills = self._controller.state.answer(Inpaint)
        if row < 0 or not fills:
            self._controller.preview.clear()
        else:
            self._controller.preview.point(fills.tiles.points[row])

    @Slot(int)
    def _on_chosen(self, row: int) -> None:
        if fills := self._controller.state.answer(Inpaint):
            self._controller.point.set(fills.tiles.points[row])


def _caption(text: str) -> QLabel:
    label = muted(text, stretch=False)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label


def _row(first: QWidget, second: QWidget) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(UNIT)
    row.addWidget(first, 1)
    row.addWidget(second, 0 if isinstance(second, QPushButton) else 1)
    return holder
