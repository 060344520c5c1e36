"""Scores of images by class, as arrays without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentlab.latent.ranking import Score

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from latentlab.latent.ranking import Scores


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean of a score over some images, and its standard error; NaN for fewer than two images."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Scores of the images of one class.

    Parameters
    ----------
    label : int or None
        Index of the class; None for all images.
    count : int
        Number of images with finite scores.
    means : mapping of Score to Mean
        Mean of each score over the images, in the unit of the score.
    """

    label: int | None
    count: int
    means: Mapping[Score, Mean]


def scores_by_class(scores: Scores, labels: NDArray[np.int64]) -> tuple[ClassScores, ...]:
    """Return the mean scores of each class that has images, and of all images at the end.

    Parameters
    ----------
    scores : Scores
        Scores of N images.
    labels : ndarray of int64, shape (N,)
        Class of each image; negative for none.
    """
    columns = np.stack([scores.by(score) for score in Score], 1)
    finite = np.isfinite(columns).all(1)
    classes = np.unique(labels[finite & (labels >= 0)]).tolist()
    found = [_of(label, columns[finite & (labels == label)]) for label in classes]
    return (*found, _of(None, columns[finite]))


def _of(label: int | None, columns: NDArray[np.float64]) -> ClassScores:
    """Return the means of columns, shape (N, scores)."""
    means = {score: _mean(values) for score, values in zip(Score, columns.T, strict=True)}
    return ClassScores(label, len(columns), means)


def _mean(values: NDArray[np.float64]) -> Mean:
    count = len(values)
    error = float(values.std(ddof=1)) / count**0.5 if count > 1 else float("nan")
    return Mean(float(values.mean()) if count else float("nan"), error)
