"""Directions in latent space that correspond to attributes, and their strength."""

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
RANK_TOLERANCE = 1e-6
"""Relative length below which a vector is rounding error."""


class Method(StrEnum):
    """Method that finds a direction."""

    MEANS = "difference of means"
    LINEAR = "linear classifier"


@dataclass(frozen=True, slots=True)
class Direction:
    """A direction, and how well it separates its groups on held-out codes.

    Parameters
    ----------
    vector : ndarray, shape (D,)
        Of length 1.
    scale : float
        Standard deviation of all codes along it.
    d : float or None
        Cohen's d of the projections of the two groups; None if it is unknown.
    accuracy : float or None
        Balanced accuracy of the threshold halfway between the means of the groups.
    """

    vector: NDArray[np.float64] = field(repr=False)
    scale: float
    d: float | None
    accuracy: float | None


def fit_direction(
    mu: NDArray[np.float32],
    contrast: Contrast,
    method: Method = Method.MEANS,
    apart_from: NDArray[np.float64] | None = None,
    seed: int = 0,
) -> Pieces[Direction]:
    """Find the direction of a contrast, and its strength on held-out codes.

    Parameters
    ----------
    mu : ndarray, shape (N, D)
        Codes of all images.
    contrast : Contrast
        Groups to separate.
    method : Method
        `MEANS` is the difference of means, `LINEAR` the linear model that predicts best.
    apart_from : ndarray, shape (K, D), or None
        Directions to control for; the result is orthogonal to them.
    seed : int
        Seed of the folds of the cross-validation.

    Raises
    ------
    DataError
        If a group is empty, codes are not finite, or no direction separates the groups.
    """
    x = mu.astype(np.float64)
    high, low = contrast.high, contrast.low
    if not (len(high) and len(low)):
        which = "Both groups are" if not (len(high) or len(low)) else "One of the two groups is"
        raise DataError(f"{which} empty.", "Put at least one image into each.")
    if not np.isfinite(x).all():
        raise DataError(
            "Some codes are NaN or infinite: the training of the model has diverged.",
            "Open a model from before the divergence.",
        )
    yield
    space = _split_space(x, apart_from)
    yield
    everywhere = np.ones(len(x), bool)
    vector = space.unit((yield from _fit(space, contrast, method, everywhere)))
    d, accuracy = yield from _held_out(space, contrast, method, seed)
    return Direction(vector, float((x @ vector).std()), d, accuracy)


@dataclass(frozen=True, slots=True)
class _Space:
    """Codes, and their coordinates along and across the directions to control for.

    Parameters
    ----------
    codes : ndarray, shape (N, D)
        All codes.
    free : ndarray, shape (N, D - K)
        Coordinates orthogonal to those directions.
    held : ndarray, shape (N, K)
        Coordinates along those directions.
    across : ndarray, shape (D, D - K), or None
        Basis of the free coordinates; None if all are free.
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
                "The two groups have the same codes: no direction separates them.",
                "Choose other groups, or another attribute.",
            )
        return np.asarray(vector / length)


def _split_space(x: Array, others: NDArray[np.float64] | None) -> _Space:
    """Split codes into coordinates along `others` and across them."""
    if others is None or not len(others):
        return _Space(x, x, x[:, :0], None)
    _, strengths, rows = np.linalg.svd(others)
    rank = int((strengths > RANK_TOLERANCE * strengths[0]).sum())
    if rank == x.shape[1]:
        raise DataError(
            "Nothing is left of this direction when the others are held fixed.",
            "Delete one of the others, or learn without “Hold others fixed”.",
        )
    return _Space(x, x @ rows[rank:].T, x @ rows[:rank].T, rows[rank:].T)


def cohens_d(first: Array, second: Array) -> float | None:
    """Return the difference of the means of two groups, in pooled standard deviations.

    "Statistical Power Analysis for the Behavioral Sciences" (1988), section 2.5. None for fewer
    than three values, for an empty group, or if neither group varies.
    """
    freedom = len(first) + len(second) - 2
    if freedom < 1 or not (len(first) and len(second)):
        return None
    squares = ((first - first.mean()) ** 2).sum() + ((second - second.mean()) ** 2).sum()
    pooled = float(np.sqrt(squares / freedom))
    apart = float(first.mean() - second.mean())
    return apart / pooled if pooled > RANK_TOLERANCE * abs(apart) else None


def _held_out(
    space: _Space, contrast: Contrast, method: Method, seed: int
) -> Pieces[tuple[float | None, float | None]]:
    """Return Cohen's d and balanced accuracy by cross-validation; None with too few codes."""
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
    """Return the fold of each row; each group is spread evenly over the folds."""
    rng = np.random.default_rng(seed)
    fold = rng.integers(0, folds, count)
    for rows in (contrast.high, contrast.low):
        fold[rng.permutation(rows)] = np.arange(len(rows)) % folds
    return fold


def _fit(
    space: _Space, contrast: Contrast, method: Method, kept: NDArray[np.bool_]
) -> Pieces[Array]:
    """Return the coefficients along the free basis, fitted to the rows in `kept`."""
    high, low = (rows[kept[rows]] for rows in (contrast.high, contrast.low))
    if method is Method.MEANS:
        return _difference(space, high, low)
    x = space.free
    # One scale for all dimensions: an inactive one must not be scaled up to the others.
    middle, scale = x.mean(0), float(np.sqrt(x.var(0).mean()))
    if not scale > 0:
        return np.zeros(x.shape[1])
    if contrast.values is None:
        rows = np.concatenate([high, low])
        is_high = np.arange(len(rows)) < len(high)
        return (yield from in_thread(lambda: _fit_classifier((x[rows] - middle) / scale, is_high)))
    values, rows = contrast.values, np.flatnonzero(np.isfinite(contrast.values) & kept)
    return (yield from in_thread(lambda: _fit_regression((x[rows] - middle) / scale, values[rows])))


def _fit_classifier(x: Array, is_first: NDArray[np.bool_]) -> Array:
    """Return the coefficients of a linear classifier; both groups have the same weight.

    Logistic regression with an L2 penalty. "The Elements of Statistical Learning" (2009),
    section 4.4.1.
    """
    # The import takes a second.
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(class_weight="balanced", solver="newton-cholesky")
    return np.asarray(model.fit(x, is_first).coef_[0])


def _fit_regression(x: Array, values: Array) -> Array:
    """Return the coefficients of a linear regression with an L2 penalty.

    "The Elements of Statistical Learning" (2009), equation 3.44.
    """
    from sklearn.linear_model import Ridge

    return np.asarray(Ridge().fit(x, values).coef_)


def _difference(space: _Space, high: Rows, low: Rows) -> Array:
    """Return the difference of means of the free coordinates, adjusted for the held ones.

    It is the coefficient of the group in a linear regression of the free coordinates on the group
    and the held coordinates: if faces that smile wear glasses more often, that has no effect.
    """
    x = space.free
    if space.across is None:
        return np.asarray(x[high].mean(0) - x[low].mean(0))
    rows = np.concatenate([high, low])
    is_high = np.arange(len(rows)) < len(high)
    design = np.column_stack([is_high, np.ones(len(rows)), space.held[rows]])
    return np.asarray(np.linalg.lstsq(design, x[rows], rcond=None)[0][0])
