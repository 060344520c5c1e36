"""Similarity of the codes of images, by class: the matrix that compares representations."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import numpy as np

from latentlab.errors import DataError
from latentlab.metrics.measurement import ComputedOn, Measurement, Series
from latentlab.metrics.metric import METRICS, WITH_CLASSES, Group, Metric, Need, number

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import ArrayLike, NDArray

    from latentlab.metrics.source import Source
    from latentlab.work import Progress

MAX_CLASSES = 100


@METRICS.register
class SimilarityMatrix(Metric, title="Similarity of codes"):
    """Mean cosine similarity of the codes of two images of a class, and of two classes.

    Codes are centred at their mean. The curve is the matrix of all pairs of classes.

    References
    ----------
    Representational Similarity Analysis, Kriegeskorte, Mur & Bandettini, 2008, with means over the
    images of each class.
    """

    group: ClassVar[Group] = Group.LATENT
    needs: ClassVar[frozenset[Need]] = WITH_CLASSES
    kind: Literal["similarity-matrix"] = "similarity-matrix"

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        codes = yield from source.codes()
        present, labels = np.unique(source.labels, return_inverse=True)
        if len(present) > MAX_CLASSES:
            raise DataError(f"There are more than {MAX_CLASSES} classes.", "Choose fewer images.")
        matrix = similarities(codes.mu, labels)
        names = tuple(source.images.spec.class_names[label] for label in present.tolist())
        same = np.eye(len(names), dtype=bool)
        if np.isnan(matrix).any():
            raise DataError("A class has a single image.", "Measure on more images.")
        values = [
            number("Similarity within classes", float(matrix[same].mean())),
            number("Similarity of different classes", float(matrix[~same].mean())),
        ]
        rows = [
            Series(name=name, x_name="class", y_name="class", x=names, y=tuple(row.tolist()))
            for name, row in zip(names, matrix, strict=True)
        ]
        on = ComputedOn(split=source.split, images=len(labels))
        return self.result(on, values, series=rows)


def similarities(codes: ArrayLike, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean cosine similarity of two different images of each pair of classes.

    Parameters
    ----------
    codes : array_like, shape (N, D)
        Codes; their mean is subtracted.
    labels : ndarray of int64, shape (N,)
        Classes 0 to K − 1.

    Returns
    -------
    ndarray of float64, shape (K, K)
        Symmetric; NaN for a class with a single image.
    """
    z = np.asarray(codes, np.float64)
    z = z - z.mean(0)
    z /= np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)
    counts = np.bincount(labels).astype(np.float64)
    sums = np.zeros((len(counts), z.shape[1]))
    np.add.at(sums, labels, z)
    products, pairs = sums @ sums.T, np.outer(counts, counts)
    # An image is no pair with itself; a code at the mean has no direction, and length 0.
    products[np.diag_indices_from(products)] -= np.bincount(labels, (z * z).sum(1))
    pairs[np.diag_indices_from(pairs)] -= counts
    return np.where(pairs > 0, products / np.maximum(pairs, 1), np.nan)
