"""Ways from one latent point to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def straight(a: Sequence[float], b: Sequence[float], steps: int) -> NDArray[np.float32]:
    """Return points in equal steps on the line from `a` to `b`, both included.

    Returns
    -------
    ndarray of float32, shape (steps, D)
    """
    alpha = np.linspace(0.0, 1.0, steps)[:, None]
    return ((1 - alpha) * np.asarray(a) + alpha * np.asarray(b)).astype(np.float32)
