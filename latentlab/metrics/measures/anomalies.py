"""Detection of anomalies: ROC curve, its area, and average precision against labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import numpy as np
from pydantic import Field

from latentlab.errors import DataError, listed
from latentlab.latent.elbo_scores import elbo_scores
from latentlab.latent.ranking import Score, auroc, auroc_error
from latentlab.metrics.measurement import ComputedOn, Measurement, Series
from latentlab.metrics.metric import (
    METRICS,
    ON_IMAGES,
    WITH_POSTERIOR,
    Group,
    Metric,
    Need,
    Seed,
    number,
)
from latentlab.work import with_progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.metrics.source import Source
    from latentlab.work import Progress

CURVE_POINTS = 500
SCORES = {"elbo": Score.ELBO, "error": Score.ERROR, "rate": Score.RATE}


@METRICS.register
class Anomalies(Metric, title="Anomaly detection"):
    """How well the anomaly score separates images of anomalous classes from the others.

    References
    ----------
    Comparing the Areas under Two or More Correlated ROC Curves, DeLong et al., 1988, eq. 4 and 5
    (standard error of the area).
    """

    group: ClassVar[Group] = Group.ANOMALIES
    needs: ClassVar[frozenset[Need]] = WITH_POSTERIOR | ON_IMAGES | {Need.CLASSES}
    kind: Literal["anomalies"] = "anomalies"
    classes: tuple[str, ...] = Field(
        (),
        description="Names of the anomalous classes. Without any: the classes of which there is no "
        "training image.",
    )
    score: Literal["elbo", "error", "rate"] = Field("elbo", description="Anomaly score.")
    draws: int = Field(10, ge=1, le=5000, description="Draws of z per image.")
    seed: int = Seed

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        names = self.classes or source.unseen
        is_anomaly = self._anomalies(source, names)
        pieces = elbo_scores(source.model, source.images, self.draws, self.seed)
        scores = yield from with_progress(pieces, "Scoring images")
        score = scores.by(SCORES[self.score])
        if not np.isfinite(score).all():
            raise DataError("Some scores are no finite numbers.", "Check the model.")
        return self._result(source, names, score, is_anomaly)

    def _anomalies(self, source: Source, names: tuple[str, ...]) -> NDArray[np.bool_]:
        known = source.images.spec.class_names
        if unknown := [name for name in names if name not in known]:
            raise DataError(f"There is no class {unknown[0]!r}.", f"Known: {listed(known, 12)}.")
        if not names:
            raise DataError(
                "It is not known which classes are anomalies: there are training images of all.",
                "Set classes to the names of the anomalous ones.",
            )
        found = np.isin(source.labels, [known.index(name) for name in names])
        if found.all() or not found.any():
            raise DataError("The images are all anomalies, or none is.", "Choose other classes.")
        return found

    def _result(
        self,
        source: Source,
        names: tuple[str, ...],
        score: NDArray[np.float64],
        is_anomaly: NDArray[np.bool_],
    ) -> Measurement:
        from sklearn.metrics import average_precision_score, roc_curve

        sets = score[~is_anomaly], score[is_anomaly]
        area, error = auroc(*sets), auroc_error(*sets)
        precision = float(average_precision_score(is_anomaly, score))
        share = float(is_anomaly.mean())
        values = [
            number("ROC AUC", area, error),
            number("Average precision", precision, unit=f"{share:.3g} by chance"),
        ]
        wrong, found, _ = roc_curve(is_anomaly, score)
        at = np.unique(np.linspace(0, len(wrong) - 1, CURVE_POINTS).astype(int))
        curve = Series(
            name="ROC",
            x_name="False positive rate",
            y_name="True positive rate",
            x=tuple(wrong[at].tolist()),
            y=tuple(found[at].tolist()),
        )
        on = ComputedOn(split=source.split, images=len(score), k=self.draws, seed=self.seed)
        notes = [f"Anomalies: {int(is_anomaly.sum()):,} images of {listed(names, 12)}."]
        return self.result(on, values, series=[curve], notes=notes)
