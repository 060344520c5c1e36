"""The codes of a set of images, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Codes:
    """Where a model puts each image: the posterior q(z|x) as mean and deviation.

    Parameters
    ----------
    mu, sigma : ndarray of float32, shape (N, D)
        Mean and standard deviation per image and latent dimension.
    labels : ndarray of int64, shape (N,), or None
        Class of each image.
    """

    mu: NDArray[np.float32] = field(repr=False)
    sigma: NDArray[np.float32] = field(repr=False)
    labels: NDArray[np.int64] | None = field(repr=False)

    def __len__(self) -> int:
        return len(self.mu)

    @cached_property
    def center(self) -> NDArray[np.float32]:
        """Mean of the codes along each dimension, shape (D,)."""
        return self.mu.mean(0) if len(self) else np.zeros(self.mu.shape[1], np.float32)

    @cached_property
    def spread(self) -> NDArray[np.float32]:
        """Standard deviation of the codes along each dimension, shape (D,), never 0."""
        if len(self) < 2:
            return np.ones(self.mu.shape[1], np.float32)
        return np.maximum(self.mu.std(0), 1e-3)

    def typical(self, label: int) -> int:
        """Return the row of the image whose code is nearest to its class's mean."""
        rows = np.flatnonzero(self.labels == label) if self.labels is not None else np.array([])
        if not len(rows):
            return 0
        codes = self.mu[rows]
        return int(rows[np.argmin(((codes - codes.mean(0)) ** 2).sum(1))])
