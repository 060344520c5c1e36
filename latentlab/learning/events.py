"""Events of a training run: plain numbers and CPU arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from latentlab.work import Progress

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.data.parts import Splits
    from latentlab.learning.training_state import TrainingState

Precision = Literal["fp32", "bf16"]
"""Number format of the products in layers."""
Losses = Mapping[str, float]
"""``loss`` and each term by name, nats per image."""


@dataclass(frozen=True, slots=True)
class Started:
    """The data is loaded and the model is built.

    Parameters
    ----------
    recipe : dict
        The recipe as plain values.
    splits : Splits
        Training and validation images; their arrays are read-only.
    device : str
        Display name of the device.
    parameters : int
        Number of trainable parameters.
    epochs, steps_per_epoch : int
        Planned length of the run.
    folder : Path or None
        Run folder, if the run is saved.
    step : int
        Steps made before the run was resumed.
    precision : str
        Number format of the products in layers, ``"fp32"`` or ``"bf16"``.
    """

    recipe: dict[str, Any]
    splits: Splits = field(repr=False)
    device: str
    parameters: int
    epochs: int
    steps_per_epoch: int
    folder: Path | None = None
    step: int = 0
    precision: Precision = "fp32"


@dataclass(frozen=True, slots=True)
class Step:
    """One optimizer step was made.

    Parameters
    ----------
    step : int
        Steps made so far.
    epoch : int
        Current epoch, from 1.
    losses : dict or None
        Means over the images since the last step with losses; about ten times a second.
    images_per_second, seconds_left : float
        Speed and estimated time left; set only with `losses`.
    scheduled : dict
        Values of the step that a schedule may change, by dotted key; set only with `losses`.
    """

    step: int
    epoch: int
    losses: Losses | None = None
    images_per_second: float = 0.0
    seconds_left: float = 0.0
    scheduled: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EpochEnd:
    """An epoch is complete; losses are means over all its images.

    Parameters
    ----------
    epoch : int
        Number of the epoch, from 1.
    step : int
        Steps made so far.
    train, validation : dict
        Nats per image: during the epoch, and after it on held-out images.
    seconds, validation_seconds : float
        Duration of training and of validation.
    latents : LatentStatistics or None
        Statistics of the latent dimensions over the held-out images; None unless the posteriors
        are Gaussian and the prior is standard normal.
    best_epoch, best_loss : int, float
        Epoch and value of the lowest validation loss since the objective last changed.
    memory : int
        Bytes in use: of the device if it is a GPU, else of this process.
    """

    epoch: int
    step: int
    train: Losses
    validation: Losses
    seconds: float
    validation_seconds: float
    latents: LatentStatistics | None
    best_epoch: int
    best_loss: float
    memory: int = 0


@dataclass(frozen=True, slots=True)
class FinalTest:
    """Training has ended, and the test images were scored, once.

    Parameters
    ----------
    epoch : int
        Last epoch.
    losses : dict
        Nats per image of the weights of the last epoch.
    best_epoch : int
        Epoch with the lowest validation loss.
    best_losses : dict or None
        Nats per image of the weights of that epoch; None if it was before the run was resumed.
    """

    epoch: int
    losses: Losses
    best_epoch: int
    best_losses: Losses | None = None


ACTIVE_KL = 0.01
"""KL from which a latent dimension is active, in nats."""


def is_active(kl: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which latent dimensions are active, from the KL of each in nats per image.

    The result has the shape of `kl`. latentlab uses this definition everywhere. The "active units"
    of Importance Weighted Autoencoders (Burda et al., 2016, section 5.2) have Var(mu) > 0.01. The
    KL is used instead because the loss contains it and each run logs it; both are close, because
    KL >= mu² / 2.
    """
    return kl >= ACTIVE_KL


WEAK_KL = 0.25
"""KL below which an active dimension is weak, in nats.

If the codes of all images together fill the prior, the KL is the mean of -log sigma: at 0.25 nats
the posterior still has 78 % of the standard deviation of the prior.
"""


def is_weak(kl: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which latent dimensions are active but carry little, from the KL of each in nats."""
    return is_active(kl) & (kl < WEAK_KL)


@dataclass(frozen=True, slots=True)
class LatentStatistics:
    """Statistics of the latent dimensions over the held-out images.

    Parameters
    ----------
    kl : ndarray of float64, shape (D,)
        KL(q(z_d|x) || p(z_d)) of each dimension, nats per image.
    mutual_information, marginal_kl : float
        The two parts of the mean KL in nats: the mutual information I(x; z), and
        KL(q(z) || p(z)) between the aggregate posterior and the prior.
    images : int
        Number of images N in the aggregate posterior: I(x; z) cannot exceed log N.
    same_class : float
        Share of images whose nearest other code, by mu, has the same class; NaN without
        classes and for conditional models.
    by_chance, by_pixels : float
        The same share for a random other image, and for the nearest image by pixels.
    unevenness : float
        How unevenly decoded images change along straight lines between codes: 1 is even, NaN
        if they do not change. See `latentlab.learning.latent_geometry`.
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
    """Posteriors, reconstructions and samples at the end of an epoch; small enough to keep many.

    Parameters
    ----------
    epoch : int
        Number of the epoch.
    mu, sigma : ndarray of float32, shape (M, D)
        Posteriors of M held-out images, always the same images.
    labels : ndarray of int64, shape (M,), or None
        Classes of those images.
    originals, reconstructions : ndarray of uint8, shape (R, H, W) or (R, H, W, 3)
        The first R of those images, and their reconstructions.
    samples : ndarray of uint8, shape (S, H, W) or (S, H, W, 3)
        Decoded samples of the prior, always from the same points.
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
    """A value of the recipe was changed during the run.

    Parameters
    ----------
    step : int
        Steps made before the change.
    epochs : float
        The same in epochs, with fractions.
    key : str
        Dotted key, such as ``objective.beta``.
    value : float or int
        New value.
    problem : str
        Why the change was rejected; empty if it was applied.
    """

    step: int
    epochs: float
    key: str
    value: float
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SavedState:
    """State of a run to be saved, passed to the callback `keep` of `fit`; not an event.

    Parameters
    ----------
    snapshot : Snapshot
        Weights to open later.
    best : Snapshot or None
        Weights with the lowest validation loss, if it has fallen since the last save.
    position : TrainingState or None
        State to resume from; None if the run has failed and cannot be resumed.
    """

    snapshot: Snapshot
    best: Snapshot | None = None
    position: TrainingState | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy of the model's weights.

    Parameters
    ----------
    step, epoch : int
        Steps and complete epochs at the time of the copy.
    weights : dict of str to ndarray
        Named as in ``Model.state_dict``.
    """

    step: int
    epoch: int
    weights: Mapping[str, NDArray] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The next step is to be made, together with those of other runs."""


Event = (
    Progress | Started | Waiting | Step | EpochEnd | Snapshot | EpochPreview | Change | FinalTest
)
