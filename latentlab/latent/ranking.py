"""Anomaly scores of images and their ranking, as arrays without torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


class Score(StrEnum):
    """Anomaly score by which images are ranked; larger is more anomalous."""

    ELBO = "negative ELBO"
    ERROR = "reconstruction error"
    RATE = "KL"

    @property
    def unit(self) -> str:
        """Unit of the score."""
        return "MSE" if self is Score.ERROR else "nats"

    def text(self, value: float) -> str:
        """Return a value as text, without its unit."""
        return f"{value:.4f}" if self is Score.ERROR else f"{value:.1f}"


@dataclass(frozen=True, slots=True)
class Scores:
    """Anomaly scores of N images, in their order.

    Parameters
    ----------
    elbo : ndarray of float64, shape (N,)
        Monte Carlo estimate of the negative ELBO, nats per image.
    error : ndarray of float64, shape (N,)
        Mean squared error per pixel value in [0, 1], of the decoded posterior mean.
    rate : ndarray of float64, shape (N,)
        KL(q(z|x) || p(z)), nats per image.
    samples : int
        Samples of each posterior that `elbo` is the mean of.
    seed : int
        Seed of the samples.
    """

    elbo: NDArray[np.float64] = field(repr=False, compare=False)
    error: NDArray[np.float64] = field(repr=False, compare=False)
    rate: NDArray[np.float64] = field(repr=False, compare=False)
    samples: int
    seed: int = 0

    def __len__(self) -> int:
        return len(self.elbo)

    def by(self, score: Score) -> NDArray[np.float64]:
        """Return one score of every image, with shape (N,)."""
        return {Score.ELBO: self.elbo, Score.ERROR: self.error, Score.RATE: self.rate}[score]


def rank_descending(values: ArrayLike) -> NDArray[np.int64]:
    """Return the rows in descending order of the scores; NaN comes first."""
    scores = np.asarray(values, np.float64)
    scores = np.where(np.isnan(scores), np.inf, scores)
    return np.argsort(-scores, kind="stable").astype(np.int64)


def percentile(score: float, scores: ArrayLike) -> float:
    """Return the percentage of the data whose score is below that of an image.

    Parameters
    ----------
    score : float
        Score of the image; NaN is above all.
    scores : array_like of float, shape (N,)
        The same score of the data; NaN is left out.

    Returns
    -------
    float
        Percentage of `scores` that lie below `score`, 0 to 100: 99.2 reads "stranger than 99.2 %
        of the data".

    Raises
    ------
    ValueError
        If there are no scores to compare with.
    """
    known = np.asarray(scores, np.float64)
    known = known[~np.isnan(known)]
    if not known.size:
        raise ValueError("there are no scores to compare with")
    below = known.size if np.isnan(score) else int((known < score).sum())
    return 100 * below / known.size


def auroc(normal: ArrayLike, other: ArrayLike) -> float:
    """Return the probability that an image of another set has a higher score than a normal one.

    It is the area under the ROC curve of a threshold on the score: 0.5 if the sets cannot be told
    apart, 1 if all others score higher. Equal scores count one half; NaN is left out.

    Parameters
    ----------
    normal, other : array_like of float, shape (N,) and (M,)
        Scores of both sets.

    Raises
    ------
    ValueError
        If a set has no scores.

    References
    ----------
    The Meaning and Use of the Area under a Receiver Operating Characteristic (ROC) Curve, Hanley &
    McNeil, 1982, eq. 1 (as the Wilcoxon statistic).
    """
    return float(_shares_below(normal, other).mean())


def auroc_error(normal: ArrayLike, other: ArrayLike) -> float | None:
    """Return the standard error of `auroc`; None if a set has a single score.

    References
    ----------
    Comparing the Areas under Two or More Correlated ROC Curves, DeLong et al., 1988, eq. 4 and 5.
    """
    shares = _shares_below(normal, other), _shares_below(other, normal)
    if min(map(len, shares)) < 2:
        return None
    return float(sum(each.var(ddof=1) / len(each) for each in shares) ** 0.5)


def _shares_below(normal: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
    """Return for each score of `other` the share of `normal` below it; equal ones count half."""
    sets = [np.asarray(each, np.float64) for each in (normal, other)]
    a, b = (np.sort(each[~np.isnan(each)]) for each in sets)
    if not len(a) or not len(b):
        raise ValueError("a set has no scores")
    below, not_above = (np.searchsorted(a, b, side) for side in SIDES)
    return (below + not_above) / (2 * len(a))
