"""The codes of a set of images, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from latentlab.latent.nearest import NearestCodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.data.image_set import Attributes, ImageSet

NEIGHBOURS = 20
CANDIDATES = 300
"""Images of a class that are looked at in search of a typical one."""
POOL = 2000
"""Images among which neighbours are sought."""


@dataclass(frozen=True)
class Codes:
    """Where a model puts each image: the posterior q(z|x) as mean and deviation.

    Parameters
    ----------
    mu, sigma : ndarray of float32, shape (N, D)
        Mean and standard deviation per image and latent dimension.
    labels : ndarray of int64, shape (N,), or None
        Class of each image.
    attributes : Attributes or None
        What else is known of each image.
    files, parts : ndarray of object, shape (N,), or None
        The file and the part of each image, as in `ImageSet`.
    """

    mu: NDArray[np.float32] = field(repr=False)
    sigma: NDArray[np.float32] = field(repr=False)
    labels: NDArray[np.int64] | None = field(repr=False)
    attributes: Attributes | None = field(repr=False, default=None)
    files: NDArray[np.object_] | None = field(repr=False, default=None)
    parts: NDArray[np.object_] | None = field(repr=False, default=None)

    @classmethod
    def of(cls, images: ImageSet, mu: NDArray[np.float32], sigma: NDArray[np.float32]) -> Codes:
        """Return the codes of images, with all that is known of these."""
        return cls(mu, sigma, images.labels, images.attributes, images.files, images.parts)

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

    @cached_property
    def nearest(self) -> NearestCodes:
        """The codes, made ready to be searched."""
        return NearestCodes(self.mu)

    def mean_of(self, label: int) -> NDArray[np.float32]:
        """Return the mean of a class's codes, or of all where it has none; shape (D,)."""
        rows = None if self.labels is None else self.labels == label
        return self.center if rows is None or not rows.any() else self.mu[rows].mean(0)

    def typical(self, label: int) -> int:
        """Return the row of an image that stands most clearly among its own class.

        Of the nearest neighbours of its code the most are of its class, and they are close: not
        the image nearest to the class's mean, which lies between the parts of a class that has
        two.
        """
        if self.labels is None or not (self.labels == label).any():
            return 0
        rows = np.flatnonzero(self.labels == label)[:CANDIDATES]
        away, near = NearestCodes(self.mu[:POOL]).nearest(self.mu[rows], NEIGHBOURS)
        own = (self.labels[:POOL][near] == label).sum(1)
        return int(rows[np.lexsort(((away**2).mean(1), -own))[0]])

    def ends(self) -> tuple[int, int]:
        """Return the rows of two images to go between: of two classes where there are such."""
        present = np.unique([] if self.labels is None else self.labels).tolist()
        if len(present) < 2:
            return self.distant_pair()
        first, last = (3, 8) if {3, 8} <= set(present) else (present[0], present[-1])
        return self.typical(first), self.typical(last)

    def distant_pair(self) -> tuple[int, int]:
        """Return the rows of two different images that are typical and far apart.

        Of the half of some images whose neighbours are nearest: the one farthest from the middle,
        and the one farthest from that. A single image is both.
        """
        mu = self.mu[:CANDIDATES]
        away, _ = NearestCodes(mu).nearest(mu, NEIGHBOURS)
        rows = np.argsort((away**2).mean(1), kind="stable")[: max(2, len(mu) // 2)]
        first = rows[np.linalg.norm(mu[rows] - mu[rows].mean(0), axis=1).argmax()]
        others = rows[rows != first]
        if not len(others):
            return int(first), int(first)
        return int(first), int(others[np.linalg.norm(mu[others] - mu[first], axis=1).argmax()])
