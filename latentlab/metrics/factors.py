"""Known factors of images, discretised as in disentanglement_lib."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from latentlab.errors import listed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.data.image_set import Attributes

BINS = 20
"""Bins of equal width of a continuous factor or code (disentanglement_lib, `num_bins`)."""
MAX_LEVELS = 64
"""Most values of a factor that is not divided into bins."""
MIN_IMAGES_PER_LEVEL = 5
"""Images per value without which a factor counts as continuous."""
MAX_TRAINING, MAX_TEST = 10_000, 5_000
"""Images of the training and of the test part (disentanglement_lib, `num_train`, `num_test`)."""


@dataclass(frozen=True)
class Factors:
    """Factors of N images as integers.

    Parameters
    ----------
    names : tuple of str, length A
        Names of the factors.
    levels : ndarray of int64, shape (N, A)
        Value of each factor, from 0.
    binned : tuple of str
        Names of the continuous ones, which are divided into `BINS` bins of equal width.
    """

    names: tuple[str, ...]
    levels: NDArray[np.int64] = field(repr=False)
    binned: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What the factors are, as a sentence."""
        text = f"Factors: {listed(self.names, 40)}."
        more = f" In {BINS} bins of equal width: {listed(self.binned, 40)}." if self.binned else ""
        return text + more


def factors_of(attributes: Attributes | None) -> Factors | None:
    """Return the attributes that are known of every image and vary; None if fewer than two."""
    if attributes is None:
        return None
    names, columns, binned = [], [], []
    for name, values in zip(attributes.names, attributes.values.T, strict=True):
        if not np.isfinite(values).all():
            continue
        found, level = np.unique(values, return_inverse=True)
        if len(found) < 2:
            continue
        if len(found) > min(MAX_LEVELS, len(values) / MIN_IMAGES_PER_LEVEL):
            level = discretised(values[:, None].astype(np.float64))[:, 0]
            binned.append(name)
        names.append(name)
        columns.append(level.astype(np.int64))
    return Factors(tuple(names), np.stack(columns, 1), tuple(binned)) if len(names) > 1 else None


def discretised(codes: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return each column in `BINS` bins of equal width, from 0, with shape (N, D).

    As ``_histogram_discretize`` of disentanglement_lib, which counts from 1.
    """
    columns = [np.digitize(each, np.histogram(each, BINS)[1][:-1]) - 1 for each in codes.T]
    return np.stack(columns, 1).astype(np.int64)


def split_rows(count: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows to train on and other rows to test on, two to one, in random order."""
    rows = np.random.default_rng(seed).permutation(count)
    training = min(MAX_TRAINING, (2 * count) // 3)
    return rows[:training], rows[training : training + MAX_TEST]


def mutual_information(codes: NDArray[np.int64], levels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mutual information of each code and factor in nats, with shape (D, A)."""
    from sklearn.metrics import mutual_info_score

    return np.array([[mutual_info_score(v, z) for v in levels.T] for z in codes.T])


def entropies(levels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the entropy of each factor in nats, with shape (A,)."""
    shares = [np.unique(column, return_counts=True)[1] / len(column) for column in levels.T]
    return np.array([-(p * np.log(p)).sum() for p in shares])
