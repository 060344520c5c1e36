"""How the codes of held-out images lie: whether classes are apart, how even lines between them."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import adaptive_avg_pool2d

from latentlab.learning.latent_statistics import MEASURED

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from latentlab.learning.events import Latents
    from latentlab.learning.loader import Loader
    from latentlab.models.base import Model

ASKED = 500
"""Images whose nearest other is looked for: the share has an error of 0.02 at most."""
PAIRS = 16
STEPS = 16
SIDE = 32
"""Pixels of a side to which larger images are averaged before they are told apart."""
ALIKE = 1e-12
"""Squared distance, as part of the largest from the mean, within which codes are as near."""
STILL = 1e-4
"""Pixel values that a picture changes by, root mean square, from one end of a line to the other,
below which it stands still and has no pace."""


class Geometry:
    """Measures how the codes of the same held-out images lie, epoch after epoch.

    It draws no noise and changes nothing, so that a run goes on as if it had not been measured.

    Parameters
    ----------
    feed : Feed
        The held-out images.
    """

    def __init__(self, feed: Loader) -> None:
        self._feed = feed

    def add_to(self, latents: Latents, model: Model, mu: Tensor) -> Latents:
        """Return `latents` with what the codes tell of classes, and how even lines are.

        Parameters
        ----------
        latents : Latents
            What was measured of the same codes already.
        model : Model
            Decodes the lines; must be in evaluation mode.
        mu : Tensor
            Posterior means of the first N held-out images, with shape (N, D).
        """
        found = replace(latents, unevenness=self._unevenness(model, mu.float()))
        # Told the class, a model need not tell it by z.
        if model.conditional or self._classes is None:
            return found
        rows, labels, by_chance, by_pixels = self._classes
        agreed = same_class(mu[rows.to(mu.device)].cpu().double(), labels)
        return replace(found, same_class=agreed, by_chance=by_chance, by_pixels=by_pixels)

    @cached_property
    def _classes(self) -> tuple[Tensor, Tensor, float, float] | None:
        """Which images are asked, their labels, and what chance and pixels tell of these.

        None where there are not two classes. Found once, as the images stay the same.
        """
        measured = min(MEASURED, len(self._feed))
        rows = _spread(min(ASKED, measured), measured)
        pixels, labels = [], []
        for part in rows.split(self._feed.spec.at_once(ASKED)):
            x, y = self._feed.batch(part)
            if y is None:
                return None
            pixels.append(_small(x).cpu())
            labels.append(y.cpu())
        known = torch.cat(labels)
        if len(known.unique()) < 2:
            return None
        return rows, known, chance(known), same_class(torch.cat(pixels), known)

    def _unevenness(self, model: Model, mu: Tensor) -> float:
        pairs = min(PAIRS, len(mu) // 2)
        if not pairs:
            return float("nan")
        rows = _spread(2 * pairs, len(mu))
        starts, ends = rows[:pairs], rows[pairs:]
        size = max(1, self._feed.spec.at_once(PAIRS * (STEPS + 1)) // (STEPS + 1))
        y = self._feed.batch(starts)[1] if model.conditional else None

        def generate(z: Tensor, part: slice) -> Tensor:
            labels = None if y is None else y[part].repeat_interleave(STEPS + 1)
            return model.decode(z, labels).mean.flatten(1)

        return unevenness(generate, mu[starts.to(mu.device)], mu[ends.to(mu.device)], size)


def same_class(points: Tensor, labels: Tensor) -> float:
    """Return the share of points whose nearest other one is of the same class.

    It is the accuracy of the nearest-neighbour rule, each point left out in turn. Of several
    that are equally near, each counts as its part.

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
    # The square of a point itself is the same for all of its row.
    distances = torch.addmm(squares[None], centred, centred.T, alpha=-2)
    distances.fill_diagonal_(torch.inf)
    # Codes that are one and the same come out of the product a few roundings apart.
    nearest = distances <= distances.amin(1, keepdim=True) + ALIKE * squares.max()
    same = (labels[:, None] == labels) & nearest
    return float((same.sum(1).double() / nearest.sum(1)).mean())


def chance(labels: Tensor) -> float:
    """Return how probably another image has one's class: Σ n(n-1) / N(N-1), n images a class.

    With many images it is the sum of the squared shares of the classes.
    """
    counts = torch.bincount(labels).double()
    return float((counts * (counts - 1)).sum() / (len(labels) * (len(labels) - 1)))


@torch.no_grad()
def unevenness(
    generate: Callable[[Tensor, slice], Tensor], starts: Tensor, ends: Tensor, at_once: int = PAIRS
) -> float:
    """Return how unevenly pictures change along straight lines between codes.

    With K equal steps from each start to its end, and d the Euclidean length of what one step
    changes in the picture, it is K Σ d² / (Σ d)²: the discrete energy of the curve of pictures
    over that of a curve as long which is run through at an even pace. It has no unit, is 1 for a
    linear decoder and 1 + v² where the steps vary by v times their mean; K where all changes at
    once. Numerator and denominator are summed over the lines, so that those weigh most along
    which most changes.

    Parameters
    ----------
    generate : callable
        From points of shape (B·(K+1), D), line by line, and the slice of the B lines that they
        are of, to pictures as rows of pixels.
    starts, ends : Tensor
        With shape (P, D).
    at_once : int, optional
        How many lines to decode at a time.

    Returns
    -------
    float
        NaN where no picture changes.

    References
    ----------
    The Riemannian Geometry of Deep Generative Models, Shao, Kumar & Fletcher, 2018, eq. 3
    (energy; by Cauchy and Schwarz it is least for its length at an even pace).
    A Style-Based Generator Architecture, Karras, Laine & Aila, 2019, section 4.1 (perceptual path
    length: squared changes of small steps along such lines).
    """
    share = torch.linspace(0, 1, STEPS + 1, dtype=starts.dtype, device=starts.device)[:, None]
    energy = length = change = 0.0
    for first in range(0, len(starts), at_once):
        part = slice(first, first + at_once)
        z = torch.lerp(starts[part, None], ends[part, None], share)
        made = generate(z.flatten(0, 1), part)
        made = made.view(len(z), STEPS + 1, -1)
        steps = made.diff(dim=1).norm(dim=2).double()
        energy += float((STEPS * steps**2).sum())
        length += float((steps.sum(1) ** 2).sum())
        change += float((steps.sum(1) ** 2).sum() / made.shape[2])
    still = not change > len(starts) * STILL**2
    return float("nan") if still else energy / length


def _spread(count: int, size: int) -> Tensor:
    """Return rows spread evenly over all: a set may be sorted by class."""
    return torch.arange(count) * size // count


def _small(x: Tensor) -> Tensor:
    """Return images as rows of pixels, averaged to a few where they are large."""
    height, width = (min(SIDE, side) for side in x.shape[2:])
    return adaptive_avg_pool2d(x, (height, width)).flatten(1)
