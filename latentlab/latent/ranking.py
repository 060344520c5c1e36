"""How unlike the rest each image of a set is to a model, as plain arrays: no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Score(StrEnum):
    """What images are ranked by; all grow with strangeness."""

    ELBO = "negative ELBO"
    ERROR = "reconstruction error"
    RATE = "rate"

    @property
    def unit(self) -> str:
        """What it is counted in."""
        return "MSE" if self is Score.ERROR else "nats"

    def text(self, value: float) -> str:
        """Return a value for a person to read, without its unit."""
        return f"{value:.4f}" if self is Score.ERROR else f"{value:.1f}"


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of N images, in their order.

    Parameters
    ----------
    elbo : ndarray of float64, shape (N,)
        Monte Carlo estimate of the negative ELBO, nats per image.
    error : ndarray of float64, shape (N,)
        Squared error per pixel value, black 0 and white 1, of the decoded posterior mean.
    rate : ndarray of float64, shape (N,)
        KL(q(z|x) || p(z)), nats per image.
    samples : int
        Draws from the posterior of each image that `elbo` is the mean of.
    seed : int
        Where they came from.
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


def strangest_first(values: ArrayLike) -> NDArray[np.int64]:
    """Return the rows of scores from the highest down; what is no number comes first of all."""
    height = np.asarray(values, np.float64)
    height = np.where(np.isnan(height), np.inf, height)
    return np.argsort(-height, kind="stable").astype(np.int64)


def unlikeness(score: float, scores: ArrayLike) -> float:
    """Return how many percent of the data a picture is stranger than.

    Parameters
    ----------
    score : float
        Of the picture; what is no number is stranger than all.
    scores : array_like of float, shape (N,)
        The same score of the data; those that are no numbers are left out.

    Returns
    -------
    float
        The share of `scores` that lie below `score`, 0 to 100: 99.2 reads "stranger than 99.2 %
        of the data".

    Raises
    ------
    ValueError
        Where there are no scores to compare with.
    """
    known = np.asarray(scores, np.float64)
    known = known[~np.isnan(known)]
    if not known.size:
        raise ValueError("there are no scores to compare with")
    below = known.size if np.isnan(score) else int((known < score).sum())
    return 100 * below / known.size
