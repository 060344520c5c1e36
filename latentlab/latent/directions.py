"""Directions in latent space that stand for something, and how well they do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from latentlab.errors import DataError
from latentlab.work import in_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.latent.contrast import Contrast, Rows
    from latentlab.work import Pieces

    Array = NDArray[np.float64]

FOLDS = 5
NOTHING = 1e-6
"""Share of a vector below which what is left of it is rounding."""


class Method(StrEnum):
    """How a direction is found."""

    MEANS = "difference of means"
    LINEAR = "linear classifier"


@dataclass(frozen=True, slots=True)
class Learned:
    """A direction, and how well it tells its groups apart on codes it was not learned from.

    Parameters
    ----------
    vector : ndarray, shape (D,)
        Of length 1.
    scale : float
        Standard deviation of all codes along it.
    d : float or None
        Cohen's d of the two groups' projections; None where it is not known.
    accuracy : float or None
        Mean of the shares of either group that fall on their own side of the middle.
    """

    vector: NDArray[np.float64] = field(repr=False)
    scale: float
    d: float | None
    accuracy: float | None


def learn(
    mu: NDArray[np.float32],
    contrast: Contrast,
    method: Method = Method.MEANS,
    apart_from: NDArray[np.float64] | None = None,
    seed: int = 0,
) -> Pieces[Learned]:
    """Find the direction of a contrast, and its strength on held-out codes.

    Parameters
    ----------
    mu : ndarray, shape (N, D)
        Codes of all images.
    contrast : Contrast
        What to tell apart.
    method : Method
        `MEANS` follows how groups differ, `LINEAR` what predicts them best.
    apart_from : ndarray, shape (K, D), or None
        Directions along which nothing shall change, and which shall explain nothing.
    seed : int
        Shuffles the folds of the cross-validation.

    Raises
    ------
    DataError
        Where a group is empty, codes are no numbers, or nothing tells the groups apart.
    """
    x = mu.astype(np.float64)
    high, low = contrast.high, contrast.low
    if not (len(high) and len(low)):
        which = "Both groups are" if not (len(high) or len(low)) else "One of the two groups is"
        raise DataError(f"{which} empty.", "Put at least one image into each.")
    if not np.isfinite(x).all():
        raise DataError(
            "Some codes are no numbers: the model's training has diverged.",
            "Open a model from before it did.",
        )
    yield
    space = _space(x, apart_from)
    yield
    everywhere = np.ones(len(x), bool)
    vector = space.unit((yield from _fit(space, contrast, method, everywhere)))
    d, accuracy = yield from _held_out(space, contrast, method, seed)
    return Learned(vector, float((x @ vector).std()), d, accuracy)


@dataclass(frozen=True, slots=True)
class _Space:
    """Codes, and what is left of them where other directions stay as they are.

    Parameters
    ----------
    codes : ndarray, shape (N, D)
        All of them.
    free : ndarray, shape (N, D - K)
        Their coordinates across the others.
    held : ndarray, shape (N, K)
        Their coordinates along the others.
    across : ndarray, shape (D, D - K), or None
        The basis of the free coordinates; None where all are free.
    """

    codes: Array
    free: Array
    held: Array
    across: Array | None

    def unit(self, fitted: Array) -> Array:
        """Return the unit vector of coefficients, the first of which are along the free basis."""
        vector = fitted[: self.free.shape[1]]
        vector = vector if self.across is None else self.across @ vector
        length = float(np.linalg.norm(vector))
        if not length > 0:
            raise DataError(
                "The two groups have the same codes: no direction tells them apart.",
                "Choose other groups, or another attribute.",
            )
        return np.asarray(vector / length)


def _space(x: Array, others: NDArray[np.float64] | None) -> _Space:
    """Split codes into what lies along others and what lies across them."""
    if others is None or not len(others):
        return _Space(x, x, x[:, :0], None)
    _, strengths, rows = np.linalg.svd(others)
    rank = int((strengths > NOTHING * strengths[0]).sum())
    if rank == x.shape[1]:
        raise DataError(
            "Nothing is left of this direction once the others stay as they are.",
            "Delete one of them, or let it change them too.",
        )
    return _Space(x, x @ rows[rank:].T, x @ rows[:rank].T, rows[rank:].T)


def cohens_d(first: Array, second: Array) -> float | None:
    """Return how far apart the means of two groups are, in their pooled standard deviations.

    "Statistical Power Analysis for the Behavioral Sciences" (1988), section 2.5. None for fewer
    than three values, or where neither group varies.
    """
    freedom = len(first) + len(second) - 2
    if freedom < 1 or not (len(first) and len(second)):
        return None
    squares = ((first - first.mean()) ** 2).sum() + ((second - second.mean()) ** 2).sum()
    pooled = float(np.sqrt(squares / freedom))
    apart = float(first.mean() - second.mean())
    return apart / pooled if pooled > NOTHING * abs(apart) else None


def _held_out(
    space: _Space, contrast: Contrast, method: Method, seed: int
) -> Pieces[tuple[float | None, float | None]]:
    """Return Cohen's d and balanced accuracy by cross-validation; None where there are too few."""
    folds = min(FOLDS, len(contrast.high), len(contrast.low))
    if folds < 2:
        return None, None
    x = space.codes
    fold = _folds(len(x), contrast, folds, seed)
    score = np.zeros(len(x))
    for held in range(folds):
        kept = fold != held
        fitted = yield from _fit(space, contrast, method, kept)
        vector = space.unit(fitted)
        yield
        high, low = (rows[kept[rows]] for rows in (contrast.high, contrast.low))
        middle = (x[high].mean(0) + x[low].mean(0)) / 2
        score[~kept] = (x[~kept] - middle) @ vector
        yield
    high, low = score[contrast.high], score[contrast.low]
    return cohens_d(high, low), float(((high > 0).mean() + (low < 0).mean()) / 2)


def _folds(count: int, contrast: Contrast, folds: int, seed: int) -> NDArray[np.int64]:
    """Return the fold of each row; either group is spread evenly over all."""
    rng = np.random.default_rng(seed)
    fold = rng.integers(0, folds, count)
    for rows in (contrast.high, contrast.low):
        fold[rng.permutation(rows)] = np.arange(len(rows)) % folds
    return fold


def _fit(
    space: _Space, contrast: Contrast, method: Method, kept: NDArray[np.bool_]
) -> Pieces[Array]:
    """Return coefficients along the free basis, learned from the rows kept."""
    high, low = (rows[kept[rows]] for rows in (contrast.high, contrast.low))
    if method is Method.MEANS:
        return _difference(space, high, low)
    x = space.free
    # One unit for all dimensions: a dead one must not be blown up to the size of the others.
    middle, unit = x.mean(0), float(np.sqrt(x.var(0).mean()))
    if not unit > 0:
        return np.zeros(x.shape[1])
    if contrast.values is None:
        rows = np.concatenate([high, low])
        is_high = np.arange(len(rows)) < len(high)
        return (yield from in_thread(lambda: _classified((x[rows] - middle) / unit, is_high)))
    values, rows = contrast.values, np.flatnonzero(np.isfinite(contrast.values) & kept)
    return (yield from in_thread(lambda: _regressed((x[rows] - middle) / unit, values[rows])))


def _classified(x: Array, is_first: NDArray[np.bool_]) -> Array:
    """Return the coefficients of a linear classifier; both groups weigh the same.

    Logistic regression with an L2 penalty. "The Elements of Statistical Learning" (2009),
    section 4.4.1.
    """
    # It takes a second to load.
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(class_weight="balanced", solver="newton-cholesky")
    return np.asarray(model.fit(x, is_first).coef_[0])


def _regressed(x: Array, values: Array) -> Array:
    """Return the coefficients of a linear regression with an L2 penalty.

    "The Elements of Statistical Learning" (2009), equation 3.44.
    """
    from sklearn.linear_model import Ridge

    return np.asarray(Ridge().fit(x, values).coef_)


def _difference(space: _Space, high: Rows, low: Rows) -> Array:
    """Return the difference of means of the free coordinates, the held ones being equal.

    That is the coefficient of the group in a linear regression of the free ones on it and on the
    held ones: who smiles may wear glasses more often, and is compared with whoever else does.
    """
    x = space.free
    if space.across is None:
        return np.asarray(x[high].mean(0) - x[low].mean(0))
    rows = np.concatenate([high, low])
    is_high = np.arange(len(rows)) < len(high)
    design = np.column_stack([is_high, np.ones(len(rows)), space.held[rows]])
    return np.asarray(np.linalg.lstsq(design, x[rows], rcond=None)[0][0])
