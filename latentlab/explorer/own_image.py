"""Answers about the user's own image."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from latentlab.data.image_set import ImageSet
from latentlab.errors import DataError
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.latent.elbo_scores import elbo_scores
from latentlab.latent.encode import to_hwc
from latentlab.latent.inpaint import Inpainting, MaskedImage, map_inpaint, sample_inpaintings
from latentlab.session.own_image import (
    EncodeOwnImage,
    EncodeOwnImageAgain,
    EstimateElbo,
    EstimateReferenceElbo,
    ImageElbo,
    Inpaint,
    Inpaintings,
    InpaintSamples,
    ReferenceElbo,
    channels_first,
)
from latentlab.session.points import Original, Tiles
from latentlab.work import Progress, with_progress

OPEN_AGAIN_ADVICE = "Open the image again."
COMPARED, DRAWS = 300, 5
"""Number of reference images from the map, and draws of z for each. The spread between images
dominates, so that few draws suffice; more would be slow with a deep decoder."""


@answer.register
def _(request: EncodeOwnImage, explorer: Explorer) -> Original:
    return explorer.encode_own(request.own, request.label)


@answer.register
def _(request: EncodeOwnImageAgain, explorer: Explorer) -> Original:
    return explorer.encode_own(request.own, request.label)


@answer.register
def _(request: EstimateElbo, explorer: Explorer) -> Generator[Progress, None, ImageElbo]:
    yield Progress("Estimating the ELBO of the image")
    original = request.original
    pixels = channels_first(original.pair[0])[None]
    if explorer.card is None or pixels.shape[1:] != explorer.card.spec.shape:
        raise DataError(
            "This image does not have the size of the images of the open model.", OPEN_AGAIN_ADVICE
        )
    spec = explorer.card.spec
    images = ImageSet.labelled(pixels, spec.label_array([original.point.label]), spec)
    steps = elbo_scores(explorer.model, images)
    found = yield from with_progress(steps, "Estimating the ELBO of the image")
    elbo, rate = float(found.elbo[0]), float(found.rate[0])
    return ImageElbo(original, elbo - rate, rate)


@answer.register
def _(
    request: EstimateReferenceElbo, explorer: Explorer
) -> Generator[Progress, None, ReferenceElbo]:
    codes, images = explorer.codes, explorer.images if len(explorer.codes) else None
    if images is None:
        return ReferenceElbo(np.empty(0), codes)
    rows = np.random.default_rng(0).permutation(len(images))[:COMPARED]
    steps = elbo_scores(explorer.model, images[np.sort(rows)], DRAWS)
    found = yield from with_progress(steps, "Estimating the ELBO of images on the map")
    return ReferenceElbo(np.sort(found.elbo), codes)


@answer.register
def _(request: Inpaint, explorer: Explorer) -> Generator[Progress, None, Inpaintings]:
    steps = map_inpaint(explorer.model, _masked(request, explorer), seed=request.seed)
    found = yield from with_progress(steps, "Searching for the most probable z")
    return _inpaintings(request, found, most=1)


@answer.register
def _(request: InpaintSamples, explorer: Explorer) -> Generator[Progress, None, Inpaintings]:
    steps = sample_inpaintings(explorer.model, _masked(request, explorer), seed=request.seed)
    found = yield from with_progress(steps, "Drawing other fillings")
    return _inpaintings(request, found, most=len(found.z))


def _masked(request: Inpaint | InpaintSamples, explorer: Explorer) -> MaskedImage:
    image = channels_first(request.original.pair[0])
    if explorer.card is None or image.shape != explorer.card.spec.shape:
        raise DataError(
            "This image does not have the size of the images of the open model.", OPEN_AGAIN_ADVICE
        )
    if request.hidden.all():
        raise DataError("The whole image is hidden.", "Leave a part of it visible.")
    return MaskedImage(image, ~request.hidden, request.original.point.label)


def _inpaintings(request: Inpaint | InpaintSamples, found: Inpainting, most: int) -> Inpaintings:
    points = tuple(request.original.point.at(tuple(z)) for z in found.z[:most].tolist())
    tiles = Tiles(points, to_hwc(found.images[:most]), len(points))
    return Inpaintings(
        request.original, request.hidden, tiles, tuple(found.log_joint[:most].tolist())
    )
