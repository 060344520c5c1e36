"""Separated attribute predictability."""

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


@METRICS.register
class SAP(Metric, title="SAP"):
    """How much better the best dimension classifies a factor than the next one.

    References
    ----------
    Variational Inference of Disentangled Latent Concepts from Unlabeled Observations, Kumar et
    al., 2018, section 3; settings as in disentanglement_lib: linear SVM with C = 0.01 and
    balanced classes on one dimension, accuracy on other images.
    """

    group: ClassVar[Group] = Group.DISENTANGLEMENT
    needs: ClassVar[frozenset[Need]] = WITH_FACTORS | {Need.DIMENSIONS}
    kind: Literal["sap"] = "sap"
    seed: int = Seed

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        codes = yield from source.codes()
        factors, (train, test) = source.factors, split_rows(len(codes), self.seed)
        scores = np.zeros((codes.mu.shape[1], len(factors.names)))
        for d, a in np.ndindex(*scores.shape):
            z, levels = codes.mu[:, d : d + 1].astype(np.float64), factors.levels[:, a]
            text = f"Dimension {d + 1}, {factors.names[a]}"
            scores[d, a] = yield from in_background(
                partial(accuracy, z[train], levels[train], z[test], levels[test], self.seed),
                text,
            )
        best = np.sort(scores, axis=0)
        value = number("SAP", float((best[-1] - best[-2]).mean()))
        on = ComputedOn(
            split=source.split,
            images=len(train) + len(test),
            classifier="linear SVM, C = 0.01",
            seed=self.seed,
        )
        notes = [factors.note, f"{len(train)} images to train on, {len(test)} others to test on."]
        return self.result(on, [value], notes=notes)


def accuracy(
    z: NDArray[np.float64],
    levels: NDArray[np.int64],
    other_z: NDArray[np.float64],
    others: NDArray[np.int64],
    seed: int,
) -> float:
    """Return the accuracy of a linear SVM on other images; of one class, their share."""
    from sklearn.svm import LinearSVC

    if len(np.unique(levels)) < 2:
        return float((others == levels[0]).mean())
    # The dual problem does not converge on codes that tell nothing.
    classifier = LinearSVC(C=0.01, class_weight="balanced", random_state=seed, dual=False)
    return float((classifier.fit(z, levels).predict(other_z) == others).mean())
