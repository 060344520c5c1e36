"""What a run reports while it goes on: plain numbers and CPU arrays, nothing that lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from latentlab.data.base import Loading, Splits

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

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
    """

    recipe: dict[str, Any]
    splits: Splits = field(repr=False)
    device: str
    parameters: int
    epochs: int
    steps_per_epoch: int
    folder: Path | None = None


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
        Means over the images since the last step that had any; about 20 times a second.
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
    """

    epoch: int
    step: int
    train: Losses
    validation: Losses
    seconds: float
    validation_seconds: float


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


Event = Loading | Started | Step | EpochEnd | Snapshot
