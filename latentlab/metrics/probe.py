"""Codes to fit a classifier to, and others to test it on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentlab.errors import DataError
from latentlab.metrics.factors import split_rows
from latentlab.metrics.metric import mean_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.metrics.measurement import Value
    from latentlab.metrics.source import Source
    from latentlab.work import Progress

GIVEN = " The model is given the class, so its codes need not tell it."


@dataclass(frozen=True)
class ProbeData:
    """Codes (N, D) and labels (N,) to fit to, others to test on, and where they are from."""

    z: NDArray[np.float64]
    labels: NDArray[np.int64]
    other_z: NDArray[np.float64]
    others: NDArray[np.int64]
    note: str

    @property
    def baseline(self) -> Value:
        """Accuracy of always naming the most frequent class."""
        frequent = np.bincount(self.labels).argmax()
        return mean_of("Accuracy, most frequent class", self.others == frequent)


def probe_data(source: Source, seed: int) -> Generator[Progress, None, ProbeData]:
    """Return codes of training images and of the images; without the former, parts of the latter.

    Raises
    ------
    DataError
        If there are too few images.
    """
    codes = yield from source.codes()
    z, labels = codes.mu.astype(np.float64), source.labels
    training = source.training
    given = GIVEN if source.model.conditional else ""
    if training is not None and training.labels is not None:
        known = yield from source.training_codes()
        assert known.labels is not None
        if len(np.unique(known.labels)) < 2:
            raise DataError("The training images are of one class.")
        note = f"Fitted to {len(known):,} training images.{given}"
        return ProbeData(known.mu.astype(np.float64), known.labels, z, labels, note)
    train, test = split_rows(len(z), seed)
    if not len(train) or len(np.unique(labels[train])) < 2:
        raise DataError("There are too few images for a classifier.", "Measure on more images.")
    note = f"Fitted to {len(train):,} other images of the same part.{given}"
    return ProbeData(z[train], labels[train], z[test], labels[test], note)
