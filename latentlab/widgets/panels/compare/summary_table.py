"""Table of the metrics of two models."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from latentlab.session.curves.latent_curves import ACTIVE_TIP
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT, small

if TYPE_CHECKING:
    from latentlab.latent.paired import PairedComparison
    from latentlab.session.comparison import Summary

ROWS = {
    "negative ELBO": "An upper bound of −log p(x), in nats per image: reconstruction plus KL. "
    "Lower is better.",
    "reconstruction": "Distortion: E[−log p(x|z)], in nats per image, the loss given the code. "
    "Lower is better.",
    "KL": "Rate: KL(q(z|x) ‖ p(z)), in nats per image, how much the code says about the image. It "
    "is the price of the reconstruction.",
    "squared error": "Mean squared error of the decoded mean of the posterior; pixels are 0 to 1.",
    "active dimensions": ACTIVE_TIP,
}
DIFFERENCE_TIP = (
    "Value of B minus value of A, with its standard error. Bold: more than twice the standard "
    "error."
)


class SummaryTable(QWidget):
    """Verdict, and a row per metric: A, B, their difference and its standard error."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT)
        self.verdict = QLabel(textFormat=Qt.TextFormat.RichText)
        self.verdict.setWordWrap(True)
        self.note = muted(stretch=False)
        self.note.setWordWrap(True)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(UNIT)
        self._grid.setVerticalSpacing(UNIT // 2)
        for col, head in enumerate(("A", "B", "B − A"), 1):
            self._put(muted(head, stretch=False), 0, col, DIFFERENCE_TIP if col == 3 else "")
        self.cells: dict[str, list[QLabel]] = {}
        for row, (name, tip) in enumerate(ROWS.items(), 1):
            self._put(QLabel(name), row, 0, tip)
            self.cells[name] = [QLabel(textFormat=Qt.TextFormat.RichText) for _ in range(3)]
            for col, cell in enumerate(self.cells[name], 1):
                cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                self._put(cell, row, col, tip)
        self._grid.setColumnStretch(4, 1)
        column.addWidget(self.verdict)
        column.addLayout(self._grid)
        column.addWidget(self.note)
        column.addStretch(1)

    def _put(self, label: QLabel, row: int, col: int, tip: str) -> None:
        label.setFont(small(label.font()))
        label.setToolTip(tip)
        side = Qt.AlignmentFlag.AlignRight if col else Qt.AlignmentFlag.AlignLeft
        self._grid.addWidget(label, row, col, side)

    def show_summary(self, summary: Summary, names: tuple[str, str], in_nats: bool) -> None:
        """Show the metrics of both; `in_nats` says whether their nats are comparable."""
        measured = (summary.elbo, summary.distortion, summary.rate, summary.error)
        for name, paired in zip(ROWS, measured, strict=False):
            self._fill(name, *_texts(paired, 4 if paired is summary.error else 1))
        units = zip(summary.active, summary.dimensions, strict=True)
        counts = (
            "unknown" if active is None else f"{active} of {total}" for active, total in units
        )
        self._fill("active dimensions", *counts, "")
        self.verdict.setText(verdict_text(summary, names, in_nats))

    def _fill(self, name: str, *texts: str) -> None:
        for cell, text in zip(self.cells[name], texts, strict=True):
            cell.setText(text)
            cell.setAccessibleName(f"{name}: {text}")


def verdict_text(summary: Summary, names: tuple[str, str], in_nats: bool) -> str:
    """Return a line for each metric that says which model is better on these images.

    Parameters
    ----------
    summary : Summary
        The metrics.
    names : pair of str
        Names of A and B.
    in_nats : bool
        Whether the nats of both are comparable.
    """
    metrics = [("Squared error", summary.error, "is lower", "")]
    if in_nats:
        metrics = [
            ("ELBO", summary.elbo, "explains the images better", "nats"),
            ("Reconstruction", summary.distortion, "is better", "nats"),
        ]
    metrics += [("KL", summary.rate, "carries less", "nats")]
    metrics = [each for each in metrics if not _is_unknown(each[1], summary)]
    if not all(np.isfinite(paired.difference) for _, paired, *_ in metrics):
        return "One of the models gives invalid numbers on these images: its training has diverged."
    return "<br>".join(_verdict(*metric, names) for metric in metrics)


def _is_unknown(paired: PairedComparison, summary: Summary) -> bool:
    """Return whether one of the models has no such part of the ELBO."""
    sides = zip((paired.first, paired.second), summary.active, strict=True)
    return any(np.isnan(mean) and active is None for mean, active in sides)


def _verdict(
    metric: str, paired: PairedComparison, claim: str, unit: str, names: tuple[str, str]
) -> str:
    if not paired.clear:
        return f"{metric}: no clear difference."
    lower = escape(names[paired.difference < 0])
    digits = 1 if unit else 4
    amount = f"{abs(paired.difference):.{digits}f} ± {paired.error:.{digits}f} {unit}".strip()
    return f"{metric}: <b>{lower}</b> {claim}, by {amount}."


def _texts(paired: PairedComparison, digits: int) -> tuple[str, str, str]:
    if np.isnan(paired.difference):
        first, second = (
            "unknown" if np.isnan(mean) else f"{mean:.{digits}f}"
            for mean in (paired.first, paired.second)
        )
        return first, second, ""
    # Rounded before formatting, plus 0.0: otherwise small values become "-0.0".
    difference, error = (
        f"{round(paired.difference, digits) + 0.0:+.{digits}f}",
        f"± {paired.error:.{digits}f}",
    )
    text = f"<b>{difference}</b> {error}" if paired.clear else f"{difference} {error}"
    return f"{paired.first:.{digits}f}", f"{paired.second:.{digits}f}", text
