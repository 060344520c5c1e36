"""Thumbnails ranked by score, and the number of images above a threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latentlab.latent.ranking import Score, rank_descending
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panels.anomalies.threshold_slider import ThresholdSlider
from latentlab.widgets.panels.anomalies.thumbnail_grid import ThumbnailGrid

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

STACKED_ASPECT = 0.9
"""Height / width above which the histogram is below the grid, not beside it."""
STACKED_WIDTH = 44 * UNIT
"""Width in pixels below which the histogram is below the grid at any height."""
MAX_HISTOGRAM_WIDTH, QWIDGETSIZE_MAX = 40 * UNIT, (1 << 24) - 1
"""Maximum width in pixels of the histogram beside the grid; Qt's maximum, which is no limit."""


class RankingView(QWidget):
    """Thumbnails from either end of the ranking, beside a histogram with a threshold.

    Parameters
    ----------
    describe : callable
        Takes a row and returns its tooltip.
    """

    def __init__(self, describe: Callable[[int], str]) -> None:
        super().__init__()
        self._score = Score.ELBO
        self._values: NDArray[np.float64] = np.empty(0)
        self._selection: NDArray[np.int64] | None = None
        self.wall = ThumbnailGrid(describe)
        self.wall.setAccessibleName("Images by score")
        self.wall.setToolTip(
            "Hover to see the reconstruction of an image, click to set z to its code."
        )
        self.strangest = _toggle_button(
            "Most unusual", "Show the images with the highest scores first."
        )
        self.typical = _toggle_button(
            "Most typical", "Show the images with the lowest scores first."
        )
        self.pairs = _toggle_button("Reconstructions", "Show the reconstruction beside each image.")
        self.selected = IconButton("select", "Rank only the images that are selected on the map")
        self.selected.setCheckable(True)
        self.strangest.setChecked(True)
        self._ends = QButtonGroup(self)
        for button in (self.strangest, self.typical):
            self._ends.addButton(button)
        self.threshold = ThresholdSlider()
        self.threshold.setAccessibleName("Threshold")
        self.threshold.setToolTip(
            "Images whose score is above the threshold count as anomalies. The bars grow with "
            "the square root of the number of images, so that single images are visible."
        )
        self.count = QLabel(textFormat=Qt.TextFormat.RichText)
        self.count.setWordWrap(True)
        self._set_layout()
        self._ends.buttonToggled.connect(self._show_order)
        self.pairs.toggled.connect(self.wall.set_pairs)
        self.selected.toggled.connect(self._show_ranking)
        self.threshold.valueChanged.connect(self._show_count)

    def _set_layout(self) -> None:
        self._main_layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._main_layout.setContentsMargins(0, 0, 0, 0)
        self._main_layout.setSpacing(UNIT)
        # Explicit: the layout's own minimum in one direction would prevent the other one.
        self.setMinimumSize(STACKED_WIDTH * 2 // 3, 13 * UNIT)
        switches = QHBoxLayout()
        switches.setSpacing(UNIT // 2)
        switches.addWidget(self.strangest)
        switches.addWidget(self.typical)
        switches.addStretch(1)
        switches.addWidget(self.selected)
        switches.addWidget(self.pairs)
        wall = QVBoxLayout()
        wall.setSpacing(UNIT // 2)
        wall.addLayout(switches)
        wall.addWidget(self.wall, 1)
        self.side = QWidget()
        side = QVBoxLayout(self.side)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(UNIT // 2)
        side.addWidget(self.threshold, 1)
        side.addWidget(self.count)
        # Takes the height left by the slider, which has a maximum height.
        side.addStretch(0)
        self._main_layout.addLayout(wall, 5)
        self._main_layout.addWidget(self.side, 3)

    def show_scores(
        self, score: Score, values: NDArray[np.float64], chosen: NDArray[np.int64] | None
    ) -> None:
        """Show the scores of all images, shape (N,); `chosen` are the selected rows, or None."""
        self._score, self._values, self._selection = score, values, chosen
        self.threshold.set_values(values, score.text)
        self._show_ranking()

    def show_selection(self, chosen: NDArray[np.int64] | None) -> None:
        """Set the selected rows, which can be ranked alone; None without a selection."""
        self._selection = chosen
        if self.selected.isChecked():
            self._show_ranking()
        self._enable_selected()

    def _enable_selected(self) -> None:
        self.selected.setEnabled(self._selection is not None or self.selected.isChecked())

    def _ranked_rows(self) -> NDArray[np.int64] | None:
        """Return the rows to rank, or None for all."""
        return self._selection if self.selected.isChecked() else None

    @Slot()
    def _show_ranking(self) -> None:
        self._show_order()
        self._show_count()
        self._enable_selected()

    def caption(self, row: int) -> str:
        """Return the formatted score of a row."""
        return self._score.text(float(self._values[row]))

    @Slot()
    def _show_order(self) -> None:
        subset = self._ranked_rows()
        rows = rank_descending(self._values if subset is None else self._values[subset])
        rows = rows if subset is None else subset[rows]
        self.wall.set_rows(rows if self.strangest.isChecked() else rows[::-1], self.caption)

    @Slot()
    def _show_count(self) -> None:
        limit, subset = self.threshold.threshold, self._ranked_rows()
        # NaN counts as above any threshold.
        above = ~(self._values <= limit)
        counted = above if subset is None else above[subset]
        count, size = int(counted.sum()), len(counted)
        kind = "" if subset is None else "selected "
        are = f"{kind}image is" if count == 1 else f"{kind}images are"
        self.count.setText(
            f"<b>{count:,}</b> of {size:,} {are} above {self._score.text(limit)} "
            f"{self._score.unit}, {100 * count / max(1, size):.1f}\u00a0%"
        )
        self.wall.set_strong(above)

    @override
    def resizeEvent(self, event: QEvent) -> None:
        is_tall = self.height() > STACKED_ASPECT * self.width() or self.width() < STACKED_WIDTH
        direction = QBoxLayout.Direction
        self._main_layout.setDirection(direction.TopToBottom if is_tall else direction.LeftToRight)
        self.side.setMaximumWidth(QWIDGETSIZE_MAX if is_tall else MAX_HISTOGRAM_WIDTH)


def _toggle_button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setCheckable(True)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    button.setToolTip(tip)
    return button
