"""LatentGeometry of the codes of held-out images: class separation and evenness of lines."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import adaptive_avg_pool2d

from latentlab.learning.latent_statistics import AGGREGATE_IMAGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from latentlab.learning.events import LatentStatistics
    from latentlab.learning.loader import Loader
    from latentlab.models.base import Model

SAME_CLASS_QUERIES = 500
"""Images whose nearest neighbour is searched: the share has an error of 0.02 at most."""
LINES = 16
STEPS = 16
MAX_PIXEL_SIDE = 32
"""Side in pixels to which larger images are averaged before they are compared."""
TIE_TOLERANCE = 1e-12
"""Tolerance of equal squared distances, relative to the largest from the mean."""
MIN_IMAGE_CHANGE = 1e-4
"""Smallest change of an image along a line, root mean square in pixel values: without at least
this change the unevenness is NaN."""


class LatentGeometry:
    """Measures the geometry of the codes of the same held-out images in every epoch.

    It draws no random numbers and changes no state, so it does not influence the run.

    Parameters
    ----------
    feed : Loader
        The held-out images.
    """

    def __init__(self, feed: Loader) -> None:
        self._feed = feed

    def add_to(self, latents: LatentStatistics, model: Model, mu: Tensor) -> LatentStatistics:
        """Return `latents` with the same-class shares and the unevenness.

        Parameters
        ----------
        latents : LatentStatistics
            Statistics of the same codes.
        model : Model
            Decodes the lines; must be in evaluation mode.
        mu : Tensor
            Posterior means of the first N held-out images, with shape (N, D).
        """
        measured = replace(latents, unevenness=self._unevenness(model, mu.float()))
        # A conditional model is given the class, so z need not encode it.
        if model.conditional or self._classes is None:
            return measured
        rows, labels, by_chance, by_pixels = self._classes
        share = same_class(mu[rows.to(mu.device)].cpu().double(), labels)
        return replace(measured, same_class=share, by_chance=by_chance, by_pixels=by_pixels)

    @cached_property
    def _classes(self) -> tuple[Tensor, Tensor, float, float] | None:
        """Rows to compare, their labels, and the same-class shares by chance and by pixels.

        None with fewer than two classes. Cached, because the images stay the same.
        """
        measured = min(AGGREGATE_IMAGES, len(self._feed))
        rows = _evenly_spaced_rows(min(SAME_CLASS_QUERIES, measured), measured)
        pixels, labels = [], []
        for part in rows.split(self._feed.spec.at_once(SAME_CLASS_QUERIES)):
            x, y = self._feed.batch(part)
            if y is None or y.dim() > 1:  # several conditions are no class
                return None
            pixels.append(_downsampled(x).cpu())
            labels.append(y.cpu())
        classes = torch.cat(labels)
        if len(classes.unique()) < 2:
            return None
        return rows, classes, chance_same_class(classes), same_class(torch.cat(pixels), classes)

    def _unevenness(self, model: Model, mu: Tensor) -> float:
        pairs = min(LINES, len(mu) // 2)
        if not pairs:
            return float("nan")
        rows = _evenly_spaced_rows(2 * pairs, len(mu))
        starts, ends = rows[:pairs], rows[pairs:]
        size = max(1, self._feed.spec.at_once(LINES * (STEPS + 1)) // (STEPS + 1))
        y = self._feed.batch(starts)[1] if model.conditional else None

        def generate(z: Tensor, part: slice) -> Tensor:
            labels = None if y is None else y[part].repeat_interleave(STEPS + 1, dim=0)
            return model.decode(z, labels).mean.flatten(1)

        return unevenness(generate, mu[starts.to(mu.device)], mu[ends.to(mu.device)], size)


def same_class(points: Tensor, labels: Tensor) -> float:
    """Return the share of points whose nearest other point has the same class.

    This is the leave-one-out accuracy of the nearest-neighbour rule. Several points at the same
    smallest distance count in equal parts.

    Parameters
    ----------
    points : Tensor
        With shape (N, D), N at least 2.
    labels : Tensor
        With shape (N,).

    References
    ----------
    Nearest Neighbor Pattern Classification, Cover & Hart, 1967.
    """
    centred = points - points.mean(0)
    squares = (centred**2).sum(1)
    # The squared norm of the row's own point is constant in the row and left out.
    distances = torch.addmm(squares[None], centred, centred.T, alpha=-2)
    distances.fill_diagonal_(torch.inf)
    # Rounding in the product makes the distances of identical codes differ slightly.
    nearest = distances <= distances.amin(1, keepdim=True) + TIE_TOLERANCE * squares.max()
    same = (labels[:, None] == labels) & nearest
    return float((same.sum(1).double() / nearest.sum(1)).mean())


def chance_same_class(labels: Tensor) -> float:
    """Return the probability that another image has the same class: Σ n(n-1) / N(N-1).

    n is the number of images in a class. For large N this is the sum of the squared class shares.
    """
    counts = torch.bincount(labels).double()
    return float((counts * (counts - 1)).sum() / (len(labels) * (len(labels) - 1)))


@torch.no_grad()
def unevenness(
    generate: Callable[[Tensor, slice], Tensor], starts: Tensor, ends: Tensor, at_once: int = LINES
) -> float:
    """Return how unevenly decoded images change along straight lines between codes.

    With K equal steps per line, and d the Euclidean norm of the change in the image in one step,
    it is K Σ d² / (Σ d)²: the discrete energy of the image curve over that of a curve of the same
    length at constant speed. It has no unit. It is 1 for a linear decoder, 1 + v² where v is the
    coefficient of variation of d, and K if all change is in one step. Numerator and denominator
    are summed over the lines, so lines with more change have more weight.

    Parameters
    ----------
    generate : callable
        Maps points of shape (B·(K+1), D), line by line, and the slice of these B lines to
        images, with shape (B·(K+1), C·H·W).
    starts, ends : Tensor
        Ends of P lines, with shape (P, D).
    at_once : int, optional
        Number of lines to decode at a time.

    Returns
    -------
    float
        NaN if no image changes.

    References
    ----------
    The Riemannian LatentGeometry of Deep Generative Models, Shao, Kumar & Fletcher, 2018, eq. 3
    (energy; by Cauchy-Schwarz it is minimal for its length at constant speed).
    A Style-Based Generator Architecture, Karras, Laine & Aila, 2019, section 4.1 (perceptual path
    length: squared changes over small steps along such lines).
    """
    t = torch.linspace(0, 1, STEPS + 1, dtype=starts.dtype, device=starts.device)[:, None]
    energy = length = change = 0.0
    for first in range(0, len(starts), at_once):
        part = slice(first, first + at_once)
        z = torch.lerp(starts[part, None], ends[part, None], t)
        images = generate(z.flatten(0, 1), part)
        images = images.view(len(z), STEPS + 1, -1)
        steps = images.diff(dim=1).norm(dim=2).double()
        energy += float((STEPS * steps**2).sum())
        length += float((steps.sum(1) ** 2).sum())
        change += float((steps.sum(1) ** 2).sum() / images.shape[2])
    constant = not change > len(starts) * MIN_IMAGE_CHANGE**2
    return float("nan") if constant else energy / length


def _evenly_spaced_rows(count: int, size: int) -> Tensor:
    """Return rows spread evenly over all images, because a set may be sorted by class."""
    return torch.arange(count) * size // count


def _downsampled(x: Tensor) -> Tensor:
    """Return images as rows of pixels, averaged to at most `SIDE` × `SIDE`."""
    height, width = (min(MAX_PIXEL_SIDE, side) for side in x.shape[2:])
    return adaptive_avg_pool2d(x, (height, width)).flatten(1)
