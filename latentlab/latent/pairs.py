"""Pairs of images to interpolate between, chosen at random by class."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from latentlab.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class PairKind(StrEnum):
    """Which images form a pair."""

    SAME = "same class"
    DIFFERENT = "different classes"
    ANY = "any two images"


def choose_pairs(
    labels: NDArray[np.int64] | None, images: int, kind: PairKind, count: int, seed: int
) -> list[tuple[int, int]]:
    """Return the rows of pairs of images; the first image of each is of the classes in turn.

    Parameters
    ----------
    labels : ndarray of int64, shape (N,), or None
        Class of each image; negative for none.
    images : int
        N.
    kind : PairKind
        Which images form a pair.
    count : int
        Number of pairs.
    seed : int
        Equal seeds give equal pairs.

    Raises
    ------
    DataError
        If there are no such pairs.
    """
    rng = np.random.default_rng(seed)
    if kind is PairKind.ANY:
        if images < 2:
            raise DataError("A pair needs two images.", "Open a model whose data are here.")
        return [_two(rng, np.arange(images)) for _ in range(count)]
    rows = {} if labels is None else _rows_by_class(labels, 2 if kind is PairKind.SAME else 1)
    if len(rows) < (1 if kind is PairKind.SAME else 2):
        raise DataError(f"There are no two images of the {kind}.", f"Choose {PairKind.ANY}.")
    classes = list(rows)
    firsts = [classes[i % len(classes)] for i in range(count)]
    if kind is PairKind.SAME:
        return [_two(rng, rows[label]) for label in firsts]
    seconds = [int(rng.choice([other for other in classes if other != a])) for a in firsts]
    return [
        (int(rng.choice(rows[a])), int(rng.choice(rows[b])))
        for a, b in zip(firsts, seconds, strict=True)
    ]


def _rows_by_class(labels: NDArray[np.int64], fewest: int) -> dict[int, NDArray[np.int64]]:
    """Return the rows of each class that has at least `fewest` images."""
    classes, counts = np.unique(labels[labels >= 0], return_counts=True)
    return {label: np.flatnonzero(labels == label) for label in classes[counts >= fewest].tolist()}


def _two(rng: np.random.Generator, rows: NDArray[np.int64]) -> tuple[int, int]:
    a, b = rng.choice(rows, 2, replace=False).tolist()
    return a, b
