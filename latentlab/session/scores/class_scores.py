"""Scores of images by class: rows of a table, and the request that writes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentlab.latent.class_scores import scores_by_class
from latentlab.latent.ranking import Score
from latentlab.session.files.tables import write_table
from latentlab.session.request import SaveFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from latentlab.latent.class_scores import ClassScores
    from latentlab.latent.codes import Codes
    from latentlab.latent.ranking import Scores

ALL = "all"
"""Name of the row of all images."""
COLUMNS = {
    Score.ELBO: "negative_elbo_nats",
    Score.ERROR: "reconstruction_mse",
    Score.RATE: "rate_nats",
}
DIGITS = 6


@dataclass(frozen=True, slots=True)
class SaveClassScores(SaveFile):
    """Write the mean scores of each class, with their standard errors, as a table."""

    rows: tuple[ClassScores, ...]
    path: Path
    class_names: tuple[str, ...] = ()


def class_rows(scores: Scores, codes: Codes) -> tuple[ClassScores, ...]:
    """Return the mean scores of each class and of all images; empty without classes."""
    if codes.labels is None or not len(scores):
        return ()
    return scores_by_class(scores, codes.labels[: len(scores)])


def class_name(row: ClassScores, names: Sequence[str]) -> str:
    """Return the name of a row."""
    if row.label is None:
        return ALL
    return names[row.label] if row.label < len(names) else str(row.label)


def save_class_scores(request: SaveClassScores) -> None:
    """Write the table of a request.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    errors = [f"{column}_standard_error" for column in COLUMNS.values()]
    pairs = [name for pair in zip(COLUMNS.values(), errors, strict=True) for name in pair]
    lines = (
        [
            class_name(row, request.class_names),
            row.count,
            *(
                float(f"{value:.{DIGITS}g}")
                for score in COLUMNS
                for value in (row.means[score].value, row.means[score].error)
            ),
        ]
        for row in request.rows
    )
    write_table(request.path, ["class", "images", *pairs], lines)
