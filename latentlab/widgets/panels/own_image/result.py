"""Result for the own image: reconstruction, error map, and ELBO."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from latentlab.session.own_image import (
    EstimateElbo,
    EstimateReferenceElbo,
    error_map,
    pixel_rmse,
    unlikeness,
)
from latentlab.widgets.kit.class_menu import ClassMenu
from latentlab.widgets.kit.colour_bar import ColourBar
from latentlab.widgets.kit.images.image_view import ImageView
from latentlab.widgets.kit.labels import ElidedLabel, muted
from latentlab.widgets.kit.theme import UNIT, colours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latentlab.session.points import Original
    from latentlab.session.state import State

MIN_ERROR_SCALE = 0.05
"""Minimum error of the brightest colour, so that small errors do not look large."""
EMPTY = "Draw an image, or open, paste or drop one."
NAMES = ("original", "reconstruction", "error")
TIPS = (
    "The image as the model sees it: in the size and the colours of its data set.",
    "The reconstruction: the decoded mean of the posterior q(z|x).",
    "The error of each pixel: bright where image and reconstruction differ most.",
)
NUMBERS = (
    "Negative ELBO in nats, with 50 draws of z: the reconstruction loss, plus the KL, KL(q(z|x) "
    "‖ p(z)). RMSE is over pixels of 0 to 1."
)


class OwnImageResult(QWidget):
    """Original, reconstruction and error map, above the verdict and the numbers."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT // 2)
        self.views = [ImageView() for _ in NAMES]
        for view in self.views:
            view.setMinimumHeight(64)
        self.bar = ColourBar("", 2)
        self.bar.setToolTip("Error of a pixel; black is 0 and white is 1.")
        self.verdict = muted(rich=True)
        # A number that is cut off without an ellipsis reads as another number.
        self.numbers = ElidedLabel()
        self.numbers.setObjectName("muted")
        self.numbers.setFont(self.verdict.font())
        self.verdict.setToolTip(
            "How the negative ELBO of your image compares with that of random images of the map. "
            "A high value means that the model has seen few images like it."
        )
        self.back = _button("Set z", "Set z to the code of your image.")
        self.put_a = _button("Set start", "Start the path at the code of your image: A on the map.")
        self.put_b = _button("Set end", "End the path at the code of your image: B on the map.")
        self.transfer = TransferButton()
        self._buttons = (self.back, self.transfer, self.put_a, self.put_b)
        column.addLayout(self._row(), 1)
        column.addWidget(self.verdict)
        column.addWidget(self.numbers)

    def _row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        for view, name, tip in zip(self.views, NAMES, TIPS, strict=True):
            view.setToolTip(tip)
            view.setAccessibleName(name)
            caption = muted(name, stretch=False)
            caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column = QVBoxLayout()
            column.setSpacing(2)
            column.addWidget(view, 1)
            if name == "error":
                column.addWidget(self.bar, 0, Qt.AlignmentFlag.AlignHCenter)
            else:
                column.addWidget(caption)
            row.addLayout(column, 1)
        column = QVBoxLayout()
        column.setSpacing(UNIT // 2)
        for button in self._buttons:
            column.addWidget(button)
        column.addStretch(1)
        row.addLayout(column)
        return row

    def show_own(self, own: Original | None) -> None:
        """Show the three images; None leaves their places empty, so that nothing moves."""
        for button in self._buttons:
            button.setEnabled(own is not None)
        if own is None:
            for view in self.views:
                view.set_pixels(None)
            self.verdict.setText(EMPTY)
            self._show_text("")
            self.bar.set_top(1.0)
            return
        error = error_map(own)
        top = max(MIN_ERROR_SCALE, float(error.max()))
        shades = pg.colormap.get("viridis").getLookupTable(nPts=256)[:, :3].astype(np.uint8)
        self.views[0].set_pixels(own.picture)
        self.views[1].set_pixels(own.reconstruction)
        self.views[2].set_pixels(shades[(255 * error / top).round().astype(np.uint8)])
        self.bar.set_top(top)

    def show_numbers(self, state: State) -> None:
        """Show RMSE, ELBO and verdict; those not measured yet are left out."""
        own, elbo, reference = (
            state.own,
            state.answer(EstimateElbo),
            state.answer(EstimateReferenceElbo),
        )
        if own is None:
            return
        rmse = f"RMSE {pixel_rmse(own):.3f}"
        if elbo is None:
            self._show_text(rmse)
            self._show_verdict("busy", "Estimating the ELBO…")
            return
        parts = f"reconstruction {elbo.reconstruction:.1f} + KL {elbo.rate:.1f}"
        self._show_text(f"{parts} = {elbo.bound:.1f} nats · {rmse}")
        if reference is None or reference.codes is not state.codes:
            text = (
                "Compared with the map when training pauses or ends"
                if state.training.run
                else ("Comparing with the map…")
            )
            self._show_verdict("busy", text)
        else:
            self._show_verdict(*unlikeness(elbo, reference))

    def _show_text(self, numbers: str) -> None:
        self.numbers.setText(numbers)
        self.numbers.setToolTip(f"{numbers}\n\n{NUMBERS}".strip())

    def _show_verdict(self, level: str, words: str) -> None:
        c = colours()
        colours_ = {"fine": c.fine, "watch": c.watch, "trouble": c.error, "busy": c.muted}
        dot = "○" if level == "busy" else "●"
        self.verdict.setText(f'<span style="color: {colours_[level]}">{dot}</span> {words}')


class TransferButton(QPushButton):
    """Menu of the classes that the image is decoded as: its style is transferred."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__("Set as…")
        self.setToolTip(
            "Set z to the code of your image, and decode it as another class: the style of your "
            "image, with another content."
        )
        self.setFixedWidth(8 * UNIT)
        # Fusion draws the menu indicator over the text.
        self.setStyleSheet("QPushButton::menu-indicator { image: none; width: 0; }")
        self._classes = ClassMenu(parent=self)
        self._classes.chosen.connect(self.chosen)
        self.setMenu(self._classes)
        self.hide()

    def offer(self, names: Sequence[str]) -> None:
        """List the classes; hide the button if there are none."""
        self.setVisible(bool(names))
        self._classes.offer(names)


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setFixedWidth(8 * UNIT)
    return button
