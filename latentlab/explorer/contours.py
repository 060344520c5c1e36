"""Answers with contours on the map."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.binarize import binarize_like
from latentlab.data.image_set import ImageSet
from latentlab.errors import DataError
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.latent.contours import (
    RING_SHARES,
    Grid,
    contour_lines,
    mass_levels,
    plane_density,
)
from latentlab.latent.prior_samples import sample_prior
from latentlab.latent.true_posterior import log_likelihoods, true_posterior
from latentlab.session.contours import (
    NATS_BELOW,
    Contours,
    FindLikelihoodContours,
    FindPriorContours,
    FindTruePosterior,
)
from latentlab.session.own_image import channels_first
from latentlab.work import Progress, with_progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.latent.contours import Lines
    from latentlab.session.points import Original

SAMPLES, SAMPLES_AT_ONCE = 60_000, 2000
"""Samples of the prior that its density is estimated from, and how many at a time."""
MIN_REACH = 3.5
"""Least half of the side of the grid of a likelihood: the rings of the prior."""
COARSE_SIDE, FINE_SIDE = 41, 31
"""Points along a side of the grid of a likelihood: over the plane, and around the code."""
FINE_SIGMAS, FINE_REACH = 12.0, 0.3
"""Half the side of the fine grid, in standard deviations of q(z|x) or, if unknown, of the prior."""
OUTERMOST = 0.99
"""Quantile of the distance of the codes that the grid of a likelihood reaches."""
ELLIPSE_SHARES = RING_SHARES[:2]
"""Shares within the ellipses of q(z|x) at one and two standard deviations."""


@answer.register
def _(request: FindPriorContours, explorer: Explorer) -> Generator[Progress, None, Contours]:
    frame, places, label = request.frame, [], request.label
    assert explorer.card
    y = None if label is None else explorer.card.spec.label_array([label] * SAMPLES_AT_ONCE)
    for seed in range(SAMPLES // SAMPLES_AT_ONCE):
        places.append(frame.place(sample_prior(explorer.model, SAMPLES_AT_ONCE, seed, y)))
        yield Progress("Drawing from the prior", seed * SAMPLES_AT_ONCE / SAMPLES)
    density = plane_density(np.concatenate(places))
    return Contours(frame, _regions(density, RING_SHARES), label=label)


@answer.register
def _(request: FindLikelihoodContours, explorer: Explorer) -> Generator[Progress, None, Contours]:
    frame = request.frame
    distance = np.abs(frame.place(explorer.codes.mu)).max(1, initial=0)
    reach = max(MIN_REACH, float(np.quantile(distance, OUTERMOST)) if len(distance) else 0.0)
    x, y = _axes(request, reach)
    xy = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    z = frame.lift(xy, request.point.z)
    pieces = log_likelihoods(explorer.model, _image(explorer, request.image), z)
    found = yield from with_progress(pieces, "Computing the likelihood on the plane")
    highest = float(found.max())
    grid = Grid(found.reshape(len(y), len(x)), x, y)
    lines = contour_lines(grid, [highest - nats for nats in NATS_BELOW])
    return Contours(frame, lines, request.image)


def _axes(
    request: FindLikelihoodContours, reach: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the coordinates of a grid over the plane, which is finer around the code."""
    frame, image = request.frame, request.image
    near = [FINE_REACH] * 2
    if image.sigma:
        shadow = frame.shadow(np.array([image.sigma], np.float32))[0]
        near = (FINE_SIGMAS * np.sqrt(shadow.diagonal())).tolist()
    wide = np.linspace(-reach, reach, COARSE_SIDE)
    fine = (
        middle + np.linspace(-half, half, FINE_SIDE)
        for middle, half in zip(frame.spot(image.point.z), near, strict=True)
    )
    x, y = (np.unique(np.concatenate([wide, part])) for part in fine)
    return x, y


@answer.register
def _(request: FindTruePosterior, explorer: Explorer) -> Generator[Progress, None, Contours]:
    if explorer.model.latent_dim != 2:
        raise DataError("The true posterior is computed for models of two dimensions only.")
    image = request.image
    mu, sigma = np.array(image.point.z), np.array(image.sigma)
    pieces = true_posterior(explorer.model, _image(explorer, image), mu, sigma)
    found = yield from with_progress(pieces, "Computing the true posterior")
    # The plane may be turned against the dimensions.
    lines = tuple(
        tuple(request.frame.place(line).astype(np.float64) for line in level)
        for level in _regions(found.density, ELLIPSE_SHARES)
    )
    note = f"log p(x) = {found.log_evidence:.1f} nats"
    if explorer.model.has_gaussian_posterior:
        note += f", KL(q(z|x) ‖ p(z|x)) = {max(0.0, found.divergence):.2f} nats"
    return Contours(request.frame, lines, image, note)


def _regions(density: Grid, shares: tuple[float, ...]) -> tuple[Lines, ...]:
    """Return the outlines of the smallest regions that hold these shares of a density."""
    return contour_lines(density, mass_levels(density.values, shares))


def _image(explorer: Explorer, original: Original) -> ImageSet:
    """Return the pixels of an image as the model takes them.

    Raises
    ------
    DataError
        If it is of another size than the images of the model.
    """
    card = explorer.card
    assert card
    if original.row is not None:
        return explorer.images[original.row : original.row + 1]
    assert original.picture is not None
    pixels = channels_first(original.picture)[None]
    if pixels.shape[1:] != card.spec.shape:
        raise DataError(
            "This image does not have the size of the images of the open model.",
            "Open the image again.",
        )
    y = card.spec.label_array([original.point.label]) if card.conditional else None
    return binarize_like(ImageSet.labelled(pixels, y, card.spec), card.recipe)[:]
