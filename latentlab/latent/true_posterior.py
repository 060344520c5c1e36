"""The likelihood of an image on a plane, and the true posterior of a two-dimensional model."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from latentlab.latent.contours import Grid
from latentlab.latent.encode import label_tensor, to_model_input
from latentlab.latent.prior_samples import range_of_prior
from latentlab.work import mapped

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.data.image_set import ImageSet
    from latentlab.models.base import Model

PIECE_S = 0.012
"""Target thread time in seconds of a piece."""
FIRST_PIECE, MAX_PIECE = 16, 512
"""Points of the first piece, and of any."""
GRID_SIDE = 48
"""Points along a side of the grid of a posterior."""
PRIOR_REACH = 4.5
"""Half the side of the first grid, in standard deviations of the prior."""
NEGLIGIBLE_NATS = 14.0
"""Log ratio to the highest density below which the posterior is left out: 1e-6."""
Q_REACH = 5.0
"""Standard deviations of q(z|x) that the grid covers."""
MAX_REFINEMENTS = 8


@dataclass(frozen=True, slots=True)
class TruePosterior:
    """p(z|x) on a grid.

    Parameters
    ----------
    density : Grid
        Density, with sum 1 over the cells; the y axis is the second dimension.
    log_evidence : float
        log p(x) in nats, by the sum of p(x|z) p(z) over the cells.
    divergence : float
        KL(q(z|x) || p(z|x)) in nats: what the ELBO is below log p(x).
    """

    density: Grid
    log_evidence: float
    divergence: float


def log_likelihoods(
    model: Model, image: ImageSet, z: NDArray[np.floating]
) -> Generator[float, None, NDArray[np.float64]]:
    """Return log p(x|z) of one image at many points, in nats.

    Parameters
    ----------
    model : Model
        Provides the decoder.
    image : ImageSet
        One image, with its label if the model is conditional.
    z : ndarray of float, shape (N, D)
        Points.

    Yields
    ------
    float
        Share done, 0 to 1, after each piece of about `PIECE_S` seconds.

    Returns
    -------
    ndarray of float64, shape (N,)
    """
    x, y = to_model_input(image.images[:1]), label_tensor(model, image[:1].y)
    points = torch.from_numpy(np.ascontiguousarray(z, np.float32))
    found, done, size = [], 0, FIRST_PIECE
    while done < len(points):
        began, part = time.thread_time(), points[done : done + size]
        with torch.inference_mode():
            labels = None if y is None else y.expand(len(part), *y.shape[1:])
            p = model.decode(part, labels)
            found.append(p.log_prob(x.expand(len(part), *x.shape[1:])).double().numpy())
        done += len(part)
        speed = PIECE_S / max(1e-6, time.thread_time() - began)
        size = int(np.clip(size * speed, 1, min(2 * size, MAX_PIECE)))
        yield done / len(points)
    return np.concatenate(found)


def true_posterior(
    model: Model, image: ImageSet, mu: NDArray[np.floating], sigma: NDArray[np.floating]
) -> Generator[float, None, TruePosterior]:
    """Compute p(z|x) = p(x|z) p(z) / p(x) on a grid, for two latent dimensions.

    The grid starts with the extent of the prior and is refined to where the posterior is not
    negligible, and q(z|x) neither.

    Parameters
    ----------
    model : Model
        Model with D = 2.
    image : ImageSet
        One image, with its label if the model is conditional.
    mu, sigma : ndarray of float, shape (2,)
        Mean and standard deviation of q(z|x); the divergence is that of a Gaussian with these.

    Yields
    ------
    float
        Share done, 0 to 1.

    References
    ----------
    Auto-Encoding Variational Bayes, Kingma & Welling, 2013, eq. 1: log p(x) = ELBO + KL(q || p).
    """
    around = np.stack([mu - Q_REACH * sigma, mu + Q_REACH * sigma]).astype(np.float64)
    box = range_of_prior(model, PRIOR_REACH, image[:1].y).T
    box = np.stack([np.minimum(box[0], around[0]), np.maximum(box[1], around[1])])
    for step in range(MAX_REFINEMENTS):
        grid = yield from _joint(model, image, box, step)
        smaller = _support(grid, around)
        is_final = np.prod(smaller[1] - smaller[0]) > 0.7 * np.prod(box[1] - box[0])
        if is_final:
            break
        box = smaller
    log_p = float(np.logaddexp.reduce(grid.values.ravel())) + float(np.log(grid.cell))
    posterior = grid.values - log_p
    log_q = _log_gaussian(grid, mu, sigma)
    divergence = float((np.exp(log_q) * (log_q - posterior)).sum() * grid.cell)
    return TruePosterior(Grid(np.exp(posterior), grid.x, grid.y), log_p, divergence)


def _joint(
    model: Model, image: ImageSet, box: NDArray[np.float64], step: int
) -> Generator[float, None, Grid]:
    """Return log p(x|z) + log p(z) over a box, given as its corners, shape (2, 2)."""
    x, y = np.linspace(box[0], box[1], GRID_SIDE).T
    z = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    pieces = log_likelihoods(model, image, z)
    likelihood = yield from mapped(pieces, lambda share: (step + share) / MAX_REFINEMENTS)
    with torch.inference_mode():
        labels = label_tensor(model, image[:1].y)
        prior = model.prior(labels).log_prob(torch.from_numpy(z.astype(np.float32)))
    joint = likelihood + prior.double().numpy()
    return Grid(joint.reshape(len(y), len(x)), x, y)


def _support(grid: Grid, around: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the box of all points that matter, one cell wider, and of `around`."""
    rows, columns = np.nonzero(grid.values > grid.values.max() - NEGLIGIBLE_NATS)
    corners = []
    for axis, found in ((grid.x, columns), (grid.y, rows)):
        first, last = int(found.min()) - 1, int(found.max()) + 1
        corners.append((axis[max(0, first)], axis[min(len(axis) - 1, last)]))
    low, high = np.array(corners).T
    return np.stack([np.minimum(low, around[0]), np.maximum(high, around[1])])


def _log_gaussian(
    grid: Grid, mu: NDArray[np.floating], sigma: NDArray[np.floating]
) -> NDArray[np.float64]:
    x, y = ((axis - m) / s for axis, m, s in zip((grid.x, grid.y), mu, sigma, strict=True))
    norm = float(np.log(2 * np.pi * np.prod(sigma.astype(np.float64))))
    return np.asarray(-0.5 * (x[None, :] ** 2 + y[:, None] ** 2) - norm, np.float64)
