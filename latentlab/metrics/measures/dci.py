"""DCI: disentanglement, completeness and informativeness."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal, override

import numpy as np

from latentlab.metrics.factors import split_rows
from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import METRICS, WITH_FACTORS, Group, Metric, Need, Seed, number
from latentlab.metrics.source import in_background

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.metrics.source import Source
    from latentlab.work import Progress

CLASSIFIER = "gradient-boosted trees of scikit-learn, defaults"


@METRICS.register
class DCI(Metric, title="DCI"):
    """Whether each dimension predicts one factor, and each factor needs one dimension.

    References
    ----------
    A Framework for the Quantitative Evaluation of Disentangled Representations, Eastwood &
    Williams, 2018, section 2; settings as in disentanglement_lib: importances of gradient-boosted
    trees, and their accuracy on other images.
    """

    group: ClassVar[Group] = Group.DISENTANGLEMENT
    needs: ClassVar[frozenset[Need]] = WITH_FACTORS | {Need.DIMENSIONS}
    kind: Literal["dci"] = "dci"
    seed: int = Seed

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        codes = yield from source.codes()
        factors, (train, test) = source.factors, split_rows(len(codes), self.seed)
        z = codes.mu.astype(np.float64)
        importances, accuracies = [], []
        for name, levels in zip(factors.names, factors.levels.T, strict=True):
            importance, accuracy = yield from in_background(
                partial(boosted, z[train], levels[train], z[test], levels[test], self.seed),
                f"Trees of {name}",
            )
            importances.append(importance)
            accuracies.append(accuracy)
        matrix = np.stack(importances, 1)
        values = [
            number("Disentanglement", disentanglement(matrix)),
            number("Completeness", disentanglement(matrix.T)),
            number("Informativeness", float(np.mean(accuracies)), unit="accuracy"),
        ]
        count = len(train) + len(test)
        on = ComputedOn(split=source.split, images=count, classifier=CLASSIFIER, seed=self.seed)
        notes = [factors.note, f"{len(train)} images to train on, {len(test)} others to test on."]
        return self.result(on, values, notes=notes)


def boosted(
    z: NDArray[np.float64],
    levels: NDArray[np.int64],
    other_z: NDArray[np.float64],
    others: NDArray[np.int64],
    seed: int,
) -> tuple[NDArray[np.float64], float]:
    """Return the importance of each dimension, (D,), and the accuracy on other images."""
    from sklearn.ensemble import GradientBoostingClassifier

    if len(np.unique(levels)) < 2:
        return np.zeros(z.shape[1]), float((others == levels[0]).mean())
    trees = GradientBoostingClassifier(random_state=seed).fit(z, levels)
    return np.abs(trees.feature_importances_), float((trees.predict(other_z) == others).mean())


def disentanglement(importance: NDArray[np.float64]) -> float:
    """Return the mean of 1 - entropy of each row's shares, weighted by the row's importance.

    Entropies are to the base of the number of columns. The transposed matrix gives completeness.
    """
    total = importance.sum()
    if total == 0:
        return 0.0
    shares = importance + 1e-11  # as in disentanglement_lib
    shares = shares / shares.sum(1, keepdims=True)
    entropy = -(shares * np.log(shares)).sum(1) / np.log(importance.shape[1])
    return float(((1 - entropy) * importance.sum(1)).sum() / total)
