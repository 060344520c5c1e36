"""FactorVAE score: which dimension varies least if a factor is fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import numpy as np
from pydantic import Field

from latentlab.metrics.measurement import ComputedOn, Measurement
from latentlab.metrics.metric import METRICS, WITH_FACTORS, Group, Metric, Need, Seed, number
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.metrics.source import Source

MIN_DEVIATION = 0.05
"""Standard deviation below which a dimension is left out (`prune_dims.threshold`)."""
VOTES_PER_PIECE = 200


@METRICS.register
class FactorVAEScore(Metric, title="FactorVAE score"):
    """Accuracy of naming a fixed factor by the dimension that varies least.

    References
    ----------
    Disentangling by Factorising, Kim & Mnih, 2018, section 4; settings as in disentanglement_lib:
    64 images per vote, 10,000 votes to learn from and 5,000 others.
    """

    group: ClassVar[Group] = Group.DISENTANGLEMENT
    needs: ClassVar[frozenset[Need]] = WITH_FACTORS
    kind: Literal["factor-vae"] = "factor-vae"
    batch: int = Field(64, ge=2, le=10_000, description="Images per vote, of one factor's value.")
    votes: int = Field(10_000, ge=10, le=100_000, description="Votes to learn from.")
    other_votes: int = Field(5000, ge=10, le=100_000, description="Votes to test on.")
    seed: int = Seed

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        codes = yield from source.codes()
        mu, factors = codes.mu.astype(np.float64), source.factors
        mu = mu[:, mu.std(0, ddof=1) >= MIN_DEVIATION]
        kept = mu.shape[1]
        scores = (0.0, 0.0)
        if kept:
            rng = np.random.default_rng(self.seed)
            counts = []
            for total in (self.votes, self.other_votes):
                votes = yield from self._votes(mu, factors.levels, total, rng)
                counts.append(votes)
            factor = counts[0].argmax(1)
            right = [each[np.arange(kept), factor].sum() / each.sum() for each in counts]
            scores = float(right[0]), float(right[1])
        share = scores[1]
        error = (share * (1 - share) / self.other_votes) ** 0.5
        values = [number("FactorVAE score", share, error), number("On the votes", scores[0])]
        notes = [
            factors.note,
            f"Images of one value are drawn from the {len(mu)} images, with replacement; "
            f"{kept} of {codes.mu.shape[1]} dimensions vary by {MIN_DEVIATION} or more.",
        ]
        on = ComputedOn(split=source.split, images=len(mu), k=self.batch, seed=self.seed)
        return self.result(on, values, notes=notes)

    def _votes(
        self,
        mu: NDArray[np.float64],
        levels: NDArray[np.int64],
        total: int,
        rng: np.random.Generator,
    ) -> Generator[Progress, None, NDArray[np.int64]]:
        """Return how often each dimension varied least for each fixed factor, (D, A)."""
        overall, found = mu.var(0, ddof=1), np.zeros((mu.shape[1], levels.shape[1]), np.int64)
        rows = [[np.flatnonzero(v == each) for each in np.unique(v)] for v in levels.T]
        for vote in range(total):
            factor = int(rng.integers(len(rows)))
            same = rows[factor][rng.integers(len(rows[factor]))]
            local = mu[rng.choice(same, self.batch)].var(0, ddof=1)
            found[(local / overall).argmin(), factor] += 1
            if vote % VOTES_PER_PIECE == 0:
                yield Progress("Votes", vote / total)
        return found
