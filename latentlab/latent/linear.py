"""Linear models of codes, fitted piece by piece so that nobody waits for them."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

type Pieces[T] = Generator[None, None, T]
"""Work that pauses every few milliseconds; what it returns is the result."""

PIECE = 2e7
"""Multiplications between two pauses: some 10 ms of one core."""
PENALTY = 1.0
STEPS = 40
CLOSE = 1e-6
"""Gradient per example at which a fit is at its end."""


def finish[T](pieces: Pieces[T]) -> T:
    """Do all the pieces of a work, and return its result."""
    while True:
        try:
            next(pieces)
        except StopIteration as done:
            return done.value


def gram(x: Array, weights: Array | None = None) -> Pieces[Array]:
    """Return X'WX, with shape (D, D).

    Parameters
    ----------
    x : ndarray, shape (N, D)
        One example a row.
    weights : ndarray, shape (N,), or None
        The diagonal of W; None for the identity.
    """
    dim = x.shape[1]
    total = np.zeros((dim, dim))
    rows = max(64, int(PIECE / max(1, dim * dim)))
    for start in range(0, len(x), rows):
        part = x[start : start + rows]
        weighted = part if weights is None else part * weights[start : start + rows, None]
        total += part.T @ weighted
        yield
    return total


def logistic(x: Array, is_first: NDArray[np.bool_], start: Array | None = None) -> Pieces[Array]:
    """Fit a linear classifier of two groups, and return its coefficients.

    Logistic regression with an L2 penalty, by Newton's method; both groups weigh the same
    however many they have. "The Elements of Statistical Learning" (2009), section 4.4.1.

    Parameters
    ----------
    x : ndarray, shape (N, D)
        Codes, in units in which a mean variance of 1 is typical.
    is_first : ndarray of bool, shape (N,)
        Who belongs to the first group; there must be some of either.
    start : ndarray, shape (D + 1,), or None
        Coefficients to begin with, such as those of much the same data.

    Returns
    -------
    ndarray, shape (D + 1,)
        The last one is the intercept.
    """
    x = np.column_stack([x, np.ones(len(x))])
    y = is_first.astype(np.float64)
    share = np.where(is_first, y.sum(), len(y) - y.sum())
    weights = len(y) / (2 * share)
    penalty = np.full(x.shape[1], PENALTY)
    penalty[-1] = 0.0
    w = np.zeros(x.shape[1]) if start is None else start.copy()
    loss = _loss(w, x, y, weights, penalty)
    yield
    for _ in range(STEPS):
        p = _sigmoid(x @ w)
        slope = x.T @ (weights * (p - y)) + penalty * w
        if np.abs(slope).max() < CLOSE * len(y):
            break
        bend = yield from gram(x, weights * p * (1 - p))
        # A little on the diagonal: where both groups are told apart with certainty it is all 0.
        step = np.linalg.solve(bend + np.diag(penalty + 1e-9 * len(y)), slope)
        yield
        w, loss = _descend(w, step, loss, x, y, weights, penalty)
        yield
    return w


def ridge(x: Array, values: Array) -> Pieces[Array]:
    """Fit a linear regression with an L2 penalty, and return its coefficients.

    "The Elements of Statistical Learning" (2009), equation 3.44.

    Parameters
    ----------
    x : ndarray, shape (N, D)
        Codes, in units in which a mean variance of 1 is typical.
    values : ndarray, shape (N,)
        What to predict.

    Returns
    -------
    ndarray, shape (D,)
    """
    x = x - x.mean(0)
    bend = yield from gram(x)
    slope = x.T @ (values - values.mean())
    return np.linalg.solve(bend + PENALTY * np.eye(x.shape[1]), slope)


def _descend(
    w: Array, step: Array, loss: float, x: Array, y: Array, weights: Array, penalty: Array
) -> tuple[Array, float]:
    """Take a Newton step, or as much of it as lowers the loss."""
    for _ in range(20):
        tried = _loss(w - step, x, y, weights, penalty)
        if tried <= loss:
            return w - step, tried
        step = step / 2
    return w, loss


def _loss(w: Array, x: Array, y: Array, weights: Array, penalty: Array) -> float:
    scores = x @ w
    nats = np.logaddexp(0, scores) - y * scores
    return float((weights * nats).sum() + (penalty * w * w).sum() / 2)


def _sigmoid(scores: Array) -> Array:
    return np.asarray(0.5 * (1 + np.tanh(scores / 2)))
