"""Two models in numbers, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from latentlab.widgets.labels import muted
from latentlab.widgets.theme import UNIT

if TYPE_CHECKING:
    from latentlab.latent.paired import Paired
    from latentlab.session.comparing import Summary

ROWS = {
    "negative ELBO": (
        "nats",
        "An upper bound of -log p(x), nats per image: distortion and rate together. Lower is "
        "better.",
    ),
    "distortion": (
        "nats",
        "E[-log p(x|z)], nats per image: what it takes to tell the image once its code is known.",
    ),
    "rate": (
        "nats",
        "KL(q(z|x) ‖ p(z)), nats per image: what the code says of the image.",
    ),
    "squared error": (
        "MSE",
        "Mean squared error of the decoded mean of the posterior, black 0 and white 1.",
    ),
    "active units": (
        "",
        "Latent dimensions whose posterior mean varies over these images, variance above 0.01.",
    ),
}
WIDE = 9 * UNIT


class SummaryTable(QWidget):
    """A line per measure: A, B, their difference and its standard error; then a verdict."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT)
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        grid = QGridLayout()
        grid.setHorizontalSpacing(UNIT)
        grid.setVerticalSpacing(UNIT // 2)
        right = Qt.AlignmentFlag.AlignRight
        for at, head in enumerate(("A", "B", "B − A"), 1):
            label = muted(head, stretch=False)
            grid.addWidget(label, 0, at, right)
        self.cells: dict[str, list[QLabel]] = {}
        for line, (name, (unit, tip)) in enumerate(ROWS.items(), 1):
            title = QLabel(f"{name}, {unit}" if unit else name)
            title.setToolTip(tip)
            grid.addWidget(title, line, 0)
            self.cells[name] = [QLabel() for _ in range(3)]
            for at, cell in enumerate(self.cells[name], 1):
                cell.setToolTip(tip)
                cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                grid.addWidget(cell, line, at, right)
        for at in (1, 2):
            grid.setColumnMinimumWidth(at, WIDE)
        grid.setColumnStretch(4, 1)
        column.addWidget(self.verdict)
        column.addLayout(grid)
        column.addStretch(1)

    def show_summary(self, summary: Summary, in_nats: bool) -> None:
        """Show what was measured; `in_nats` where the nats of both compare."""
        measured = (summary.elbo, summary.distortion, summary.rate, summary.error)
        for name, each in zip(ROWS, measured, strict=False):
            digits = 4 if ROWS[name][0] == "MSE" else 1
            self._fill(name, *_texts(each, digits))
        units = zip(summary.active, summary.dimensions, strict=True)
        self._fill("active units", *(f"{some} of {every}" for some, every in units), "")
        self.verdict.setText(verdict(summary, in_nats))

    def _fill(self, name: str, *texts: str) -> None:
        for cell, text in zip(self.cells[name], texts, strict=True):
            cell.setText(text)
            cell.setAccessibleName(f"{name}: {text}")


def verdict(summary: Summary, in_nats: bool) -> str:
    """Return in a sentence which model is the better one for these images."""
    judged = summary.elbo if in_nats else summary.error
    what = "explains" if in_nats else "rebuilds"
    if not np.isfinite(judged.difference):
        return "One of them gives no numbers here: its training has diverged."
    if not judged.clear:
        return f"No clear difference: neither {what} these {summary.images:,} images better."
    better = "B" if judged.difference < 0 else "A"
    less = abs(judged.difference)
    amount = f"{less:.1f} ± {judged.error:.1f} nats" if in_nats else f"{less:.4f} MSE"
    return f"<b>{better} {what} these {summary.images:,} images better</b>, by {amount}."


def _texts(each: Paired, digits: int) -> tuple[str, str, str]:
    away = f"{each.difference:+.{digits}f} ± {each.error:.{digits}f}"
    strong = f"<b>{away}</b>" if each.clear else away
    return f"{each.first:.{digits}f}", f"{each.second:.{digits}f}", strong
