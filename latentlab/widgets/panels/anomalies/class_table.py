"""Table of the mean scores of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from latentlab.latent.ranking import Score
from latentlab.session.scores.class_scores import class_name
from latentlab.widgets.kit.labels import RIGHT
from latentlab.widgets.kit.theme import UNIT, small

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latentlab.latent.class_scores import ClassScores, Mean

HEAD = ("class", "images", *(f"{score.value}\n{score.unit}" for score in Score))


class ClassTable(QTableWidget):
    """A row per class, the class with the highest score first, and all images at the end."""

    def __init__(self) -> None:
        super().__init__(0, len(HEAD))
        self.setHorizontalHeaderLabels(list(HEAD))
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(2 * UNIT)
        self.verticalHeader().setDefaultSectionSize(5 * UNIT // 2)
        self.setFont(small(self.font()))
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setAccessibleName("Scores per class")
        self.setToolTip(
            "Mean over the images of each class, with the standard error of the mean. The classes "
            "are in descending order of the chosen score."
        )

    def show_rows(self, rows: Sequence[ClassScores], names: Sequence[str], by: Score) -> None:
        """Show the classes in descending order of a score."""
        classes = [row for row in rows if row.label is not None]
        classes.sort(key=lambda row: row.means[by].value, reverse=True)
        shown = [*classes, *(row for row in rows if row.label is None)]
        self.setRowCount(len(shown))
        for i, row in enumerate(shown):
            texts = [class_name(row, names), f"{row.count:,}"]
            texts += [_text(score, row.means[score]) for score in Score]
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(RIGHT)
                if row.label is None:
                    font = self.font()
                    font.setBold(True)
                    item.setFont(font)
                self.setItem(i, column, item)


def _text(score: Score, mean: Mean) -> str:
    digits = 4 if score is Score.ERROR else 2
    error = "" if np.isnan(mean.error) else f" ± {mean.error:.{digits}f}"
    return f"{mean.value:.{digits}f}{error}"
