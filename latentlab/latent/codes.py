"""Codes of a set of images, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.data.condition import label_at
from latentlab.latent.nearest import NearestCodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.data.condition import Label
    from latentlab.data.image_set import Attributes, ImageSet

NEIGHBOURS = 20
TYPICAL_CANDIDATES = 300
"""Images of a class that are considered as typical."""
NEIGHBOUR_POOL = 2000
"""Images among which neighbours are searched."""


@dataclass(frozen=True)
class Codes:
    """Posteriors q(z|x) of a set of images, as means and standard deviations.

    Parameters
    ----------
    mu, sigma : ndarray of float32, shape (N, D)
        Mean and standard deviation per image and latent dimension.
    labels : ndarray of int64, shape (N,), or None
        Class of each image.
    attributes : Attributes or None
        Further attributes of each image.
    files, parts : ndarray of object, shape (N,), or None
        The file and the part of each image, as in `ImageSet`.
    conditions : ndarray of float32, shape (N, K), or None
        Conditions of each image, as in `ImageSet`.
    """

    mu: NDArray[np.float32] = field(repr=False)
    sigma: NDArray[np.float32] = field(repr=False)
    labels: NDArray[np.int64] | None = field(repr=False)
    attributes: Attributes | None = field(repr=False, default=None)
    files: NDArray[np.object_] | None = field(repr=False, default=None)
    parts: NDArray[np.object_] | None = field(repr=False, default=None)
    conditions: NDArray[np.float32] | None = field(repr=False, default=None)

    @classmethod
    def of(cls, images: ImageSet, mu: NDArray[np.float32], sigma: NDArray[np.float32]) -> Codes:
        """Return the codes of images, with all that is known of these."""
        known = (images.labels, images.attributes, images.files, images.parts, images.conditions)
        return cls(mu, sigma, *known)

    def label_of(self, row: int) -> Label | None:
        """Return what a conditional model was given for an image; None if that is unknown."""
        y = self.labels if self.conditions is None else self.conditions
        return None if y is None else label_at(y, row)

    def __len__(self) -> int:
        return len(self.mu)

    def first(self, count: int) -> Codes:
        """Return the codes of the first images."""
        if len(self) <= count:
            return self
        known = {each.name: getattr(self, each.name) for each in fields(self)}
        first: dict[str, Any] = {
            name: None if values is None else values[:count] for name, values in known.items()
        }
        return Codes(**first)

    @cached_property
    def center(self) -> NDArray[np.float32]:
        """Mean of the codes along each dimension, shape (D,)."""
        return self.mu.mean(0) if len(self) else np.zeros(self.mu.shape[1], np.float32)

    @cached_property
    def spread(self) -> NDArray[np.float32]:
        """Standard deviation of the codes along each dimension, shape (D,), at least 1e-3."""
        if len(self) < 2:
            return np.ones(self.mu.shape[1], np.float32)
        return np.maximum(self.mu.std(0), 1e-3)

    @cached_property
    def nearest(self) -> NearestCodes:
        """Index for nearest-neighbour search among the codes."""
        return NearestCodes(self.mu)

    def rows_of(self, label: int) -> NDArray[np.int64]:
        """Return the rows of the images of a class, or of all images if it has none."""
        rows = np.flatnonzero([] if self.labels is None else self.labels == label)
        return rows if len(rows) else np.arange(len(self))

    def mean_of(self, label: int) -> NDArray[np.float32]:
        """Return the mean code of a class, or of all images if it has none; shape (D,)."""
        rows = self.rows_of(label)
        return self.mu[rows].mean(0) if len(rows) else self.center

    def typical(self, label: int) -> int:
        """Return the row of a typical image of a class.

        Its neighbours include the most images of its class and, among equals, are the closest. The
        image nearest to the class mean is not used: if the class has two parts, it lies between
        them.
        """
        if self.labels is None or not (self.labels == label).any():
            return 0
        rows = np.flatnonzero(self.labels == label)[:TYPICAL_CANDIDATES]
        distances, near = NearestCodes(self.mu[:NEIGHBOUR_POOL]).nearest(self.mu[rows], NEIGHBOURS)
        same_class = (self.labels[:NEIGHBOUR_POOL][near] == label).sum(1)
        return int(rows[np.lexsort(((distances**2).mean(1), -same_class))[0]])

    def ends(self) -> tuple[int, int]:
        """Return the rows of two images to interpolate between, of two classes if possible."""
        present = np.unique([] if self.labels is None else self.labels).tolist()
        if len(present) < 2:
            return self.distant_pair()
        first, last = (3, 8) if {3, 8} <= set(present) else (present[0], present[-1])
        return self.typical(first), self.typical(last)

    def distant_pair(self) -> tuple[int, int]:
        """Return the rows of two different typical images that are far apart.

        Candidates are the half of the first `CANDIDATES` images with the closest neighbours. The
        first is farthest from their mean, the second is farthest from it. A single image is both.
        """
        mu = self.mu[:TYPICAL_CANDIDATES]
        distances, _ = NearestCodes(mu).nearest(mu, NEIGHBOURS)
        rows = np.argsort((distances**2).mean(1), kind="stable")[: max(2, len(mu) // 2)]
        first = rows[np.linalg.norm(mu[rows] - mu[rows].mean(0), axis=1).argmax()]
        others = rows[rows != first]
        if not len(others):
            return int(first), int(first)
        return int(first), int(others[np.linalg.norm(mu[others] - mu[first], axis=1).argmax()])
