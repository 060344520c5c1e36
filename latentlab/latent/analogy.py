"""Vector arithmetic with class means that shows an analogy, such as 8 − 3 + 5 ≈ 6."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_MEANS = 10
"""Number of means of which all triples are tried, in about a millisecond."""


def best_analogy(means: NDArray[np.float64]) -> tuple[int, int, int]:
    """Return three rows a, b, c for which ``a - b + c`` is nearest to the mean of a fourth.

    The distance to the fourth is relative to the distance to the nearest of the three, so that the
    result is not one of them. Visual analogies: Deep Visual Analogy-Making, Reed et al., 2015.

    Parameters
    ----------
    means : ndarray, shape (K, D)
        Mean codes of at least three classes; the first `MAX_MEANS` are used.
    """
    z = np.asarray(means, np.float64)[:MAX_MEANS]
    # The same distances in as many coordinates as there are means, however many dimensions.
    z = np.linalg.qr(z.T, mode="r").T
    count = len(z)
    if count < 4:
        return 0, 1, 2
    results = z[:, None, None] - z[None, :, None] + z[None, None, :]
    away = np.linalg.norm(results[..., None, :] - z, axis=-1)
    # The last axis is the class that the result is compared with.
    a, b, c, d = np.ogrid[:count, :count, :count, :count]
    is_own = (d == a) | (d == b) | (d == c)
    others = np.where(is_own, np.inf, away).min(-1)
    own = np.where(is_own, away, np.inf).min(-1)
    ratio = others / np.maximum(own, 1e-9)
    a, b, c = np.ogrid[:count, :count, :count]
    ratio[(a == b) | (b == c) | (a == c)] = np.inf
    first, second, third = np.unravel_index(ratio.argmin(), ratio.shape)
    return int(first), int(second), int(third)
