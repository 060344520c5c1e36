"""Answers about the nearest images of a point, and thumbnails of images on the map."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.latent.encode import to_hwc
from latentlab.latent.nearest import ImageSearch
from latentlab.session.abilities import Ability
from latentlab.session.neighbours import (
    FetchMapImages,
    FindNeighbours,
    MapImages,
    NearestImages,
    Neighbours,
)
from latentlab.work import Progress


@answer.register
def _(
    request: FindNeighbours, explorer: Explorer
) -> Neighbours | Generator[Progress, None, Neighbours]:
    if not explorer.can(Ability.DECODE):
        return Neighbours(request.point, _by_code(request, explorer), None)
    return _found(request, explorer, explorer.images.images)


def _found(
    request: FindNeighbours, explorer: Explorer, images: NDArray[np.uint8]
) -> Generator[Progress, None, Neighbours]:
    by_code = _by_code(request, explorer)
    yield Progress("Comparing images", 0.0)
    decoded = _flat(explorer.decode(request.point).pixels)
    search = ImageSearch(images, decoded)
    while search.fraction < 1:
        search.step()
        yield Progress("Comparing images", search.fraction)
    distances, rows = search.nearest(request.count)
    return Neighbours(request.point, by_code, NearestImages(rows, distances, to_hwc(images[rows])))


def _by_code(request: FindNeighbours, explorer: Explorer) -> NearestImages:
    z = np.array([request.point.z], np.float32)
    (distances,), (rows,) = explorer.codes.nearest.nearest(z, request.count)
    pictures = to_hwc(explorer.images.images[rows]) if explorer.can(Ability.IMAGES) else None
    return NearestImages(rows, distances, pictures)


@answer.register
def _(request: FetchMapImages, explorer: Explorer) -> MapImages:
    images = explorer.images.images
    rows = np.array([row for row in request.rows if row < len(images)], np.int64)
    return MapImages(rows, to_hwc(images[rows]))


def _flat(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return an image flattened with channels first, as the data set stores it."""
    channels = pixels if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)
    return np.ascontiguousarray(channels, np.float32).reshape(-1)
