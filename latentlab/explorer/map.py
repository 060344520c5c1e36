"""Answers about map views, overlays, colours and selections."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any
from weakref import ref

import numpy as np

from latentlab.errors import RunError
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.view_cache import ViewCache
from latentlab.latent.clustering import hdbscan, k_means, log_density
from latentlab.latent.codes import Codes
from latentlab.latent.dimensions import kl_per_image
from latentlab.latent.planes import pca_plane
from latentlab.latent.prior_holes import (
    DRAWS_PER_POSTERIOR,
    GRID_CELLS,
    GRID_RADIUS,
    MAX_COMPARED_CODES,
    draw_posteriors,
    prior_holes,
)
from latentlab.session.colourings import Measure, MeasuredValues
from latentlab.session.files.tables import save_selection
from latentlab.session.map import (
    ComputeMeasure,
    Draws,
    FindHoles,
    Layout,
    MakeView,
    MapView,
    PriorHoles,
    SamplePosteriors,
    SaveSelection,
)
from latentlab.session.request import Exported
from latentlab.work import Progress


@answer.register
def _(request: MakeView, explorer: Explorer) -> MapView | Generator[Progress, None, MapView]:
    like, layout, codes = request.like, request.layout, explorer.codes
    if layout is Layout.PCA:
        if len(codes) < 2:
            raise RunError(
                "PCA needs images on the map.", "Open a model whose data set is on this machine."
            )
        # The frame of a new model is along its dimensions until its components are computed.
        is_pca = like.layout is layout and not like.frame.dimensions
        return MapView(
            layout, pca_plane(codes.mu, like.frame if is_pca else None), codes=ref(codes)
        )
    cache = ViewCache(explorer.card, codes.mu, layout)
    cached = cache.read()
    if cached:
        return MapView(layout, like.frame, *cached, codes=ref(codes))
    return _projected(request, codes, cache)


def _projected(
    request: MakeView, codes: Codes, cache: ViewCache
) -> Generator[Progress, None, MapView]:
    # Imported here because its dependencies are slow to import.
    from latentlab.latent.neighbour_maps import project

    like = request.like.xy if request.like.layout is request.layout else None
    xy, anchors = yield from project(codes.mu, request.layout.value, like)
    cache.write(xy, anchors)
    return MapView(request.layout, request.like.frame, xy, anchors, ref(codes))


RANDOM_NUMBERS_PER_STEP = 500_000
"""Random numbers drawn per step, which take a few milliseconds."""


@answer.register
def _(request: SamplePosteriors, explorer: Explorer) -> Generator[Progress, None, Draws]:
    codes, frame = explorer.codes, request.frame
    xy = np.empty((len(codes), 2), np.float32)
    rng = np.random.default_rng(0)
    rows = max(1, RANDOM_NUMBERS_PER_STEP // max(1, codes.mu.shape[1]))
    for start in range(0, len(codes), rows):
        part = slice(start, start + rows)
        xy[part] = frame.place(draw_posteriors(codes.mu[part], codes.sigma[part], rng))
        yield Progress("Drawing from the posteriors", start / len(codes))
    return Draws(frame, xy)


@answer.register
def _(request: FindHoles, explorer: Explorer) -> Generator[Progress, None, PriorHoles]:
    codes, frame = explorer.codes, request.frame
    step = max(1, -(-len(codes) // MAX_COMPARED_CODES))
    mu, sigma = codes.mu[::step], codes.sigma[::step]
    draws = []
    for seed in range(DRAWS_PER_POSTERIOR):
        draws.append(frame.place(draw_posteriors(mu, sigma, np.random.default_rng(seed))))
        yield Progress("Searching for holes", seed / DRAWS_PER_POSTERIOR)
    return PriorHoles(
        frame, prior_holes(np.concatenate(draws), GRID_RADIUS, GRID_CELLS), GRID_RADIUS
    )


MIN_IMAGES = 3


@answer.register
def _(request: ComputeMeasure, explorer: Explorer) -> Generator[Progress, None, MeasuredValues]:
    codes = explorer.codes
    mu = codes.mu
    if len(mu) < MIN_IMAGES and request.measure is not Measure.KL:
        raise RunError(
            f"{request.measure} needs at least {MIN_IMAGES} images on the map; "
            f"there are {len(mu)}.",
            "Open a model with more images.",
        )
    pieces: dict[Measure, Generator[Progress, None, Any]] = {
        Measure.KL: kl_per_image(codes.mu, codes.sigma),
        Measure.DENSITY: log_density(mu),
        Measure.K_MEANS: k_means(mu, request.count),
        Measure.HDBSCAN: hdbscan(mu, request.count),
    }
    return _measured(request, pieces[request.measure])


def _measured(
    request: ComputeMeasure, pieces: Generator[Progress, None, Any]
) -> Generator[Progress, None, MeasuredValues]:
    return MeasuredValues(request.measure, request.count, (yield from pieces))


@answer.register
def _(request: SaveSelection, explorer: Explorer) -> Exported:
    save_selection(request.selection, request.codes, request.names, request.path)
    return Exported(request.path)
