"""Importance-weighted log-likelihood, and the bound over k."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal, override

import torch
from pydantic import Field

from latentlab.metrics.draws import ImportanceWeights
from latentlab.metrics.measurement import ComputedOn, Measurement, Series
from latentlab.metrics.metric import METRICS, WITH_POSTERIOR, Group, Metric, Need, Seed, mean_of
from latentlab.metrics.pixels import bits_per_dimension, pixel_note
from latentlab.models.thread_rng import SeededRng
from latentlab.work import Progress, mapped

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch import Tensor

    from latentlab.metrics.source import Source

IMAGES_AT_ONCE = 16
STEPS = (1, 2, 5)
"""Values of k in each decade of the curve."""


@METRICS.register
class LogLikelihood(Metric, title="Importance-weighted log-likelihood"):
    """Estimate of -log p(x) from k draws of the posterior, an upper bound that falls with k.

    References
    ----------
    Importance Weighted Autoencoders, Burda, Grosse & Salakhutdinov, 2016, eq. 8.
    """

    group: ClassVar[Group] = Group.LIKELIHOOD
    needs: ClassVar[frozenset[Need]] = WITH_POSTERIOR
    kind: Literal["log-likelihood"] = "log-likelihood"
    k: int = Field(200, ge=1, le=5000, title="Draws k", description="Draws of z per image.")
    seed: int = Seed

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        ks = curve_points(self.k)
        images, weights = source.images, ImportanceWeights(source.model, SeededRng(self.seed))
        bounds, sizes = [], []
        for start in range(0, len(images), IMAGES_AT_ONCE):
            part = images[start : start + IMAGES_AT_ONCE]
            share = partial(_drawn, start, len(part), len(images))
            log_w = yield from mapped(weights.of(part, self.k), share)
            bounds.append(torch.stack([bound(log_w, k) for k in ks]))
            sizes.append(effective_size(log_w))
        found = torch.cat(bounds, 1).neg()
        return self._result(source, ks, found, torch.cat(sizes))

    def _result(self, source: Source, ks: list[int], found: Tensor, sizes: Tensor) -> Measurement:
        nll = mean_of("-log p(x)", found[-1], "nats per image")
        effective = mean_of("Effective draws", sizes, f"of {self.k}")
        values = [nll, *bits_per_dimension(nll, source), effective]
        curve = Series(
            name="Bound over k",
            x_name="k",
            y_name="-log p(x), nats per image",
            x=tuple(map(float, ks)),
            y=tuple(found.mean(1).tolist()),
        )
        on = ComputedOn(split=source.split, images=found.shape[1], k=self.k, seed=self.seed)
        return self.result(on, values, series=[curve], notes=[pixel_note(source)])


def _drawn(before: int, now: int, images: int, share: float) -> Progress:
    return Progress("Drawing codes", (before + share * now) / images)


def curve_points(k: int) -> list[int]:
    """Return 1, 2, 5, 10, ... below k, and k."""
    decades = range(int(math.log10(k)) + 1)
    points = (step * 10**decade for decade in decades for step in STEPS)
    return [*(point for point in points if point < k), k]


def bound(log_w: Tensor, k: int) -> Tensor:
    """Return log 1/k Σ w of each image, (B,), the mean over the groups of k of all draws."""
    groups = len(log_w) // k
    grouped = log_w[: groups * k].view(groups, k, -1)
    return (grouped.logsumexp(1) - math.log(k)).mean(0)


def effective_size(log_w: Tensor) -> Tensor:
    """Return (Σ w)² / Σ w² of each image, (B,): how many draws carry the estimate."""
    return (2 * log_w.logsumexp(0) - (2 * log_w).logsumexp(0)).exp()
