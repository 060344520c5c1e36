"""Metrics of a run as arrays for the diagnosis."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.session.curves.curves import TRAIN, VALIDATION
from latentlab.session.recipes import comparable_since

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from latentlab.learning.events import Change
    from latentlab.session.curves.curves import Curves
    from latentlab.session.curves.latent_curves import LatentCurves
    from latentlab.session.diagnosis.finding import Remedy

MIN_EPOCHS = 2
"""Number of first epochs without a diagnosis."""


@dataclass(frozen=True)
class Evidence:
    """Metrics of E complete epochs, and the recipe of the run.

    Parameters
    ----------
    curves : Curves
        Losses, nats per image.
    latents : LatentCurves or None
        Latent statistics.
    recipe : dict
        Plain values, including defaults.
    changes : tuple of Change
        Changes of settings during training.
    """

    curves: Curves = field(repr=False)
    latents: LatentCurves | None = field(repr=False)
    recipe: Mapping[str, Any] = field(repr=False)
    changes: tuple[Change, ...] = ()

    @cached_property
    def epochs(self) -> NDArray[np.float64]:
        """Epochs with both training and validation losses, ascending, shape (E,)."""
        none = (np.empty(0), np.empty(0))
        train, validation = (
            self.curves.get((split, "loss"), none)[0] for split in (TRAIN, VALIDATION)
        )
        return np.intersect1d(train, validation)

    def of(self, split: str, name: str) -> NDArray[np.float64]:
        """Return a loss at the end of each epoch, shape (E,); NaN if unknown."""
        values = dict(zip(*self.curves.get((split, name), ((), ())), strict=True))
        return np.array([values.get(epoch, np.nan) for epoch in self.epochs])

    @cached_property
    def train(self) -> NDArray[np.float64]:
        """Training loss of the settled epochs."""
        return self.of(TRAIN, "loss")[self.settled]

    @cached_property
    def validation(self) -> NDArray[np.float64]:
        """Validation loss of the settled epochs."""
        return self.of(VALIDATION, "loss")[self.settled]

    @cached_property
    def settled(self) -> NDArray[np.bool_]:
        """Mask of the epochs after the last change of the loss weights, shape (E,).

        Losses of earlier epochs are not comparable.
        """
        return self.epochs > comparable_since(self.recipe, self.changes)

    @cached_property
    def known(self) -> bool:
        """Whether there are enough settled epochs to assess a trend."""
        return int(self.settled.sum()) > MIN_EPOCHS

    @cached_property
    def gain(self) -> float:
        """Decrease of the validation loss since the first settled epoch, greater than 0.

        Thresholds are relative to it, since the losses of different decoders have no common scale.
        """
        return float(max(self.validation[0] - np.nanmin(self.validation), 1e-6))

    @cached_property
    def kl(self) -> float:
        """Mean KL of the last epoch, nats per image."""
        if self.latents is not None:
            return float(self.latents.kl[-1].sum())
        split = VALIDATION if (VALIDATION, "kl") in self.curves else TRAIN
        return float(self.of(split, "kl")[-1])

    @cached_property
    def beta(self) -> float:
        """Final weight of KL."""
        return float(self.get("objective.beta", 1.0))

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value of the recipe by its dotted key."""
        value: Any = self.recipe
        for name in key.split("."):
            if not hasattr(value, "get") or (value := value.get(name)) is None:
                return default
        return value

    def can(self, remedy: Remedy) -> bool:
        """Return whether the recipe has all keys of a remedy with other values."""
        current = [self.get(key) for key, _ in remedy.changes]
        wanted = [value for _, value in remedy.changes]
        return all(value is not None for value in current) and current != wanted
