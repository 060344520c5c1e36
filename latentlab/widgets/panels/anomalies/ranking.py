"""Images in the order of their scores, and how many lie above a threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

import numpy as np
from PySide6.QtCore import QEvent, Slot
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latentlab.latent.ranking import Score, strangest_first
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panels.anomalies.threshold_slider import ThresholdSlider
from latentlab.widgets.panels.anomalies.thumbnail_grid import ThumbnailGrid

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

TALL = 0.9
"""Times taller than wide, from where on the histogram stands below the wall."""
NARROW = 44 * UNIT
"""Width below which it does so whatever the height."""
SIDE, ANY = 40 * UNIT, (1 << 24) - 1
"""The most that the histogram takes beside the wall, which needs the rest more; and no limit."""


class RankingView(QWidget):
    """A wall that begins at either end of the order, beside a histogram with a threshold.

    Parameters
    ----------
    describe : callable
        Says more of a row than fits below its picture.
    """

    def __init__(self, describe: Callable[[int], str]) -> None:
        super().__init__()
        self._score = Score.ELBO
        self._values: NDArray[np.float64] = np.empty(0)
        self._chosen: NDArray[np.int64] | None = None
        self.wall = ThumbnailGrid(describe)
        self.wall.setAccessibleName("Images by score")
        self.wall.setToolTip("Hover to see what the model makes of an image, click to go there.")
        self.strangest = _switch("Strangest", "Begin with the highest scores.")
        self.typical = _switch("Most typical", "Begin with the lowest scores.")
        self.pairs = _switch("Rebuilt", "Show beside each image what the model makes of it.")
        self.selected = IconButton("select", "Rank only the images that are selected on the map")
        self.selected.setCheckable(True)
        self.strangest.setChecked(True)
        self._ends = QButtonGroup(self)
        for button in (self.strangest, self.typical):
            self._ends.addButton(button)
        self.threshold = ThresholdSlider()
        self.threshold.setAccessibleName("Threshold")
        self.threshold.setToolTip(
            "From which score on an image counts as an anomaly. Heights grow with the square root "
            "of how many images lie there, so that lone ones can be seen."
        )
        self.count = QLabel()
        self.count.setWordWrap(True)
        self._lay_out()
        self._ends.buttonToggled.connect(self._show_order)
        self.pairs.toggled.connect(self.wall.set_pairs)
        self.selected.toggled.connect(self._show_chosen)
        self.threshold.valueChanged.connect(self._show_count)

    def _lay_out(self) -> None:
        self._halves = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._halves.setContentsMargins(0, 0, 0, 0)
        self._halves.setSpacing(UNIT)
        # Its own, for either way of standing would keep it from ever becoming the other.
        self.setMinimumSize(NARROW * 2 // 3, 13 * UNIT)
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
        # For what the threshold, which has a greatest height, leaves.
        side.addStretch(0)
        self._halves.addLayout(wall, 5)
        self._halves.addWidget(self.side, 3)

    def show_scores(
        self, score: Score, values: NDArray[np.float64], chosen: NDArray[np.int64] | None
    ) -> None:
        """Show what `score` is of each row, with shape (N,); `chosen` ones may be ranked alone."""
        self._score, self._values, self._chosen = score, values, chosen
        self.threshold.set_values(values, score.text)
        self._show_chosen()

    def show_selection(self, chosen: NDArray[np.int64] | None) -> None:
        """Take other rows as those that may be ranked alone; None where none are selected."""
        self._chosen = chosen
        if self.selected.isChecked():
            self._show_chosen()
        self._show_reach()

    def _show_reach(self) -> None:
        self.selected.setEnabled(self._chosen is not None or self.selected.isChecked())

    def _within(self) -> NDArray[np.int64] | None:
        """Return the rows that are ranked; None for all."""
        return self._chosen if self.selected.isChecked() else None

    @Slot()
    def _show_chosen(self) -> None:
        self._show_order()
        self._show_count()
        self._show_reach()

    def caption(self, row: int) -> str:
        """Return the score of a row."""
        return self._score.text(float(self._values[row]))

    @Slot()
    def _show_order(self) -> None:
        within = self._within()
        rows = strangest_first(self._values if within is None else self._values[within])
        rows = rows if within is None else within[rows]
        self.wall.set_rows(rows if self.strangest.isChecked() else rows[::-1], self.caption)

    @Slot()
    def _show_count(self) -> None:
        limit, within = self.threshold.threshold, self._within()
        # What is no number is above any threshold.
        above = ~(self._values <= limit)
        here = above if within is None else above[within]
        count, size = int(here.sum()), len(here)
        kind = "" if within is None else "selected "
        are = f"{kind}image is" if count == 1 else f"{kind}images are"
        self.count.setText(
            f"<b>{count:,}</b> of {size:,} {are} above {self._score.text(limit)} "
            f"{self._score.unit}, {100 * count / max(1, size):.1f}\u00a0%"
        )
        self.wall.set_strong(above)

    @override
    def resizeEvent(self, event: QEvent) -> None:
        tall = self.height() > TALL * self.width() or self.width() < NARROW
        direction = QBoxLayout.Direction
        self._halves.setDirection(direction.TopToBottom if tall else direction.LeftToRight)
        self.side.setMaximumWidth(ANY if tall else SIDE)


def _switch(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setCheckable(True)
    button.setAutoRaise(True)
    button.setToolTip(tip)
    return button
