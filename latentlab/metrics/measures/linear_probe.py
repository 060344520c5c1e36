"""Accuracy of a linear classifier on codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

from pydantic import Field

from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import METRICS, WITH_CLASSES, Group, Metric, Need, Seed, mean_of
from latentlab.metrics.probe import probe_data
from latentlab.metrics.source import in_background

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.metrics.source import Source
    from latentlab.work import Progress


@METRICS.register
class LinearProbe(Metric, title="Linear probe"):
    """Accuracy of a linear classifier of the class on codes: how separable classes are.

    References
    ----------
    Understanding Intermediate Layers Using Linear Classifier Probes, Alain & Bengio, 2016.
    """

    group: ClassVar[Group] = Group.LATENT
    needs: ClassVar[frozenset[Need]] = WITH_CLASSES
    kind: Literal["linear-probe"] = "linear-probe"
    c: float = Field(1.0, gt=0, le=1e6, description="Inverse strength of the L2 penalty.")
    seed: int = Seed

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        data = yield from probe_data(source, self.seed)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=self.c, max_iter=1000))
        found = yield from in_background(
            lambda: model.fit(data.z, data.labels).predict(data.other_z), "Fitting the probe"
        )
        on = ComputedOn(
            split=source.split,
            images=len(found),
            classifier="logistic regression",
            seed=self.seed,
        )
        value = mean_of("Accuracy, linear probe", found == data.others)
        return self.result(on, [value, data.baseline], notes=[data.note])
