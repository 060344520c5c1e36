"""What a run reports while it goes on: plain numbers and CPU arrays, nothing that lives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from latentlab.work import Progress

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.data.image_set import Splits
    from latentlab.learning.training_state import Position

Losses = Mapping[str, float]
"""``loss`` and each term by name, nats per image."""


@dataclass(frozen=True, slots=True)
class Started:
    """The data is loaded and the model is made.

    Parameters
    ----------
    recipe : dict
        The whole recipe as plain values.
    splits : Splits
        The data; its arrays must not be written to.
    device : str
        Where it computes, as people call it.
    parameters : int
        Trainable numbers in the model.
    epochs, steps_per_epoch : int
        How long it will be.
    folder : Path or None
        Where it is kept.
    step : int
        Steps made before, by a run that now goes on.
    """

    recipe: dict[str, Any]
    splits: Splits = field(repr=False)
    device: str
    parameters: int
    epochs: int
    steps_per_epoch: int
    folder: Path | None = None
    step: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One optimizer step was made.

    Parameters
    ----------
    step : int
        Steps made so far.
    epoch : int
        The epoch under way, from 1.
    losses : dict or None
        Means over the images since the last step that had any; about ten times a second.
    images_per_second, seconds_left : float
        Speed and time left, both only with `losses`.
    """

    step: int
    epoch: int
    losses: Losses | None = None
    images_per_second: float = 0.0
    seconds_left: float = 0.0


@dataclass(frozen=True, slots=True)
class EpochEnd:
    """An epoch is over; losses are means over all its images.

    Parameters
    ----------
    epoch : int
        Which, from 1.
    step : int
        Steps made so far.
    train, validation : dict
        Nats per image: during the epoch, and after it on held-out images.
    seconds, validation_seconds : float
        How long each part took.
    latents : Latents
        What the latent dimensions carry, measured on the held-out images.
    best_epoch, best_loss : int, float
        When the validation loss was lowest since the objective last changed, and how low.
    memory : int
        Bytes in use: of the device where it is a GPU, else of this process.
    """

    epoch: int
    step: int
    train: Losses
    validation: Losses
    seconds: float
    validation_seconds: float
    latents: Latents
    best_epoch: int
    best_loss: float
    memory: int = 0


ACTIVE = 0.01
"""Nats of KL from which a latent dimension counts as active."""


def is_active(kl: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which latent dimensions carry anything, from the KL of each in nats per image.

    This is what "active" means wherever it is said: of any shape, the same shape is returned. It is
    not the "active units" of Burda et al. (2016, section 5.2), which go by the variance of the
    posterior means: a dimension may have a mean that varies and still carry next to nothing.
    """
    return kl >= ACTIVE


@dataclass(frozen=True, slots=True)
class Latents:
    """What the latent dimensions carry, over the held-out images.

    Parameters
    ----------
    kl : ndarray of float64, shape (D,)
        KL(q(z_d|x) || p(z_d)) of each dimension, nats per image.
    mutual_information, marginal_kl : float
        The two parts of the mean KL: I(x; z), what the code says of the image, and
        KL(q(z) || p(z)), how far the aggregate posterior is from the prior; nats.
    images : int
        How many images the aggregate posterior is made of: I cannot exceed log(images).
    same_class : float
        Share of images whose nearest other code, by mu, is of an image of the same class; NaN
        without classes, and for models that are told the class.
    by_chance, by_pixels : float
        The same share for images taken at random, and for the nearest by pixels.
    unevenness : float
        How unevenly pictures change along straight lines between codes: 1 is even, NaN where
        they do not change. See `latentlab.learning.latent_geometry`.
    """

    kl: NDArray[np.float64] = field(repr=False)
    mutual_information: float
    marginal_kl: float
    images: int
    same_class: float = math.nan
    by_chance: float = math.nan
    by_pixels: float = math.nan
    unevenness: float = math.nan


@dataclass(frozen=True, slots=True)
class EpochPreview:
    """How a model looks at the end of an epoch, small enough to keep many of.

    Parameters
    ----------
    epoch : int
        Which.
    mu, sigma : ndarray of float32, shape (M, D)
        Posteriors of M held-out images, the same ones every time.
    labels : ndarray of int64, shape (M,), or None
        Classes of those images.
    originals, reconstructions : ndarray of uint8, shape (R, H, W) or (R, H, W, 3)
        The first R of them, and what the model makes of them.
    samples : ndarray of uint8, shape (S, H, W) or (S, H, W, 3)
        Decoded points of the prior, the same points every time.
    """

    epoch: int
    mu: NDArray[np.float32] = field(repr=False)
    sigma: NDArray[np.float32] = field(repr=False)
    labels: NDArray[np.int64] | None = field(repr=False)
    originals: NDArray[np.uint8] = field(repr=False)
    reconstructions: NDArray[np.uint8] = field(repr=False)
    samples: NDArray[np.uint8] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """A value of the recipe was changed while the run went on.

    Parameters
    ----------
    step : int
        Steps made before it.
    epochs : float
        The same in epochs, fractions included.
    key : str
        Which, such as ``objective.beta``.
    value : float or int
        To what.
    problem : str
        Why it could not be; empty where it was changed.
    """

    step: int
    epochs: float
    key: str
    value: float
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """What is worth keeping of a run; no event, but what `fit` gives to whoever keeps it.

    Parameters
    ----------
    snapshot : Snapshot
        The weights to open later.
    best : Snapshot or None
        The weights of the lowest validation loss, where it has fallen since the last saving.
    position : Position or None
        Where to go on from; None where the run has failed and cannot.
    """

    snapshot: Snapshot
    best: Snapshot | None = None
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy of the model's weights.

    Parameters
    ----------
    step, epoch : int
        When it was taken; `epoch` counts whole epochs.
    weights : dict of str to ndarray
        As ``Model.state_dict`` names them.
    """

    step: int
    epoch: int
    weights: Mapping[str, NDArray] = field(repr=False)


Event = Progress | Started | Step | EpochEnd | Snapshot | EpochPreview | Change
