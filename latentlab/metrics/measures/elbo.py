"""Negative ELBO, and its two parts: rate and distortion."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

from pydantic import Field

from latentlab.latent.elbo_scores import elbo_scores
from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import METRICS, WITH_POSTERIOR, Group, Metric, Need, Seed, mean_of
from latentlab.metrics.pixels import bits_per_dimension, pixel_note
from latentlab.work import with_progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.metrics.source import Source
    from latentlab.work import Progress


@METRICS.register
class NegativeELBO(Metric, title="ELBO, rate and distortion"):
    """Bound of -log p(x) that a VAE minimizes: the rate (KL) plus the distortion.

    References
    ----------
    Auto-Encoding Variational Bayes, Kingma & Welling, 2013, eq. 7; rate and distortion: Fixing a
    Broken ELBO, Alemi et al., 2018, section 2.
    """

    group: ClassVar[Group] = Group.LIKELIHOOD
    needs: ClassVar[frozenset[Need]] = WITH_POSTERIOR
    kind: Literal["elbo"] = "elbo"
    draws: int = Field(10, ge=1, le=5000, description="Draws of z per image.")
    seed: int = Seed

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        pieces = elbo_scores(source.model, source.images, self.draws, self.seed)
        scores = yield from with_progress(pieces, "Drawing codes")
        bound = mean_of("Negative ELBO", scores.elbo, "nats per image")
        values = [
            bound,
            mean_of("Rate", scores.rate, "nats per image"),
            mean_of("Distortion", scores.elbo - scores.rate, "nats per image"),
            *bits_per_dimension(bound, source),
        ]
        on = ComputedOn(split=source.split, images=len(scores), k=self.draws, seed=self.seed)
        return self.result(on, values, notes=[pixel_note(source)])
