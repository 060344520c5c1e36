"""Answers about what the map's points are coloured by."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from latentlab.data.base import Loading
from latentlab.errors import RunError
from latentlab.latent.groups import hdbscan, k_means, log_density
from latentlab.latent.importance import kl_per_image
from latentlab.session.answers.base import answer
from latentlab.session.colourings import Measure, Measured
from latentlab.session.explorer import Explorer
from latentlab.session.requests.colourings import MakeMeasured

FEWEST = 3


@answer.register
def _(request: MakeMeasured, explorer: Explorer) -> Generator[Loading, None, Measured]:
    codes = explorer.codes
    mu = codes.mu
    if len(mu) < FEWEST and request.measure is not Measure.KL:
        raise RunError(
            f"{request.measure} needs images on the map: {FEWEST}, and there are {len(mu)}.",
            "Open a model with more data.",
        )
    pieces: dict[Measure, Generator[Loading, None, Any]] = {
        Measure.KL: kl_per_image(codes.mu, codes.sigma),
        Measure.DENSITY: log_density(mu),
        Measure.K_MEANS: k_means(mu, request.count),
        Measure.HDBSCAN: hdbscan(mu, request.count),
    }
    return _measured(request, pieces[request.measure])


def _measured(
    request: MakeMeasured, pieces: Generator[Loading, None, Any]
) -> Generator[Loading, None, Measured]:
    return Measured(request.measure, request.count, (yield from pieces))
