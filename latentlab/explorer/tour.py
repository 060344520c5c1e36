"""Answers with tours through cluster centres."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from latentlab.errors import DataError
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.latent.clustering import k_means
from latentlab.latent.tour import shortest_tour
from latentlab.session.points import LatentPath
from latentlab.session.tour import PlanTour, tour_path
from latentlab.work import Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_STOPS = 3


@answer.register
def _(request: PlanTour, explorer: Explorer) -> Generator[Progress, None, LatentPath]:
    codes, card = explorer.codes, explorer.card
    assert card
    yield Progress("Planning the tour")
    groups = codes.labels
    if request.clusters:
        groups = (yield from k_means(codes.mu, request.clusters)) if len(codes) else None
    found = [] if groups is None else np.unique(groups[groups >= 0]).tolist()
    if groups is None or len(found) < MIN_STOPS:
        what = "clusters" if request.clusters else "classes"
        raise DataError(
            f"A tour needs at least {MIN_STOPS} {what}; there are {len(found)}.",
            "Open a model with more images.",
        )
    centres: NDArray[np.float32] = np.stack([codes.mu[groups == each].mean(0) for each in found])
    order = shortest_tour(centres)
    # A class is decoded as itself, a cluster as z is.
    if not request.clusters:
        return tour_path([card.mean_of(codes, found[row]) for row in order])
    return tour_path([card.point(centres[row].tolist(), request.point.label) for row in order])
