"""Schedules over the epochs, for weights of the loss and for the learning rate."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Annotated, Literal, Self, override

from pydantic import Field, JsonValue

from latentlab.config import Config, Registry

FACTOR: dict[str, JsonValue] = {"factor": True}
"""JSON-schema extra of a number that multiplies the scheduled value; forms show what it is."""


class Schedule(Config, ABC):
    """Base class: a factor from 0 to 1 over the epochs."""

    kind: str

    @abstractmethod
    def factor(self, epochs: float) -> float:
        """Return the factor after `epochs` epochs, with fractions."""

    def lasting(self, epochs: float) -> Self:
        """Return the schedule of a learning rate in a run of `epochs` epochs.

        It is stretched if it would be 0 before the end of the run, where nothing is learned.
        """
        return self


SCHEDULES = Registry[Schedule]("schedule", default="constant")


@SCHEDULES.register
class Constant(Schedule, title="None (constant)"):
    """The full value from the first step."""

    kind: Literal["constant"] = "constant"

    @override
    def factor(self, epochs: float) -> float:
        return 1.0


class Ramp(Schedule):
    """Base class: a factor that goes from `start` to `end` in `epochs` epochs, then is constant."""

    start: float = Field(
        0.0,
        title="From",
        ge=0,
        le=1,
        description="Factor at the first step: 0 starts at 0, 1 at the full value.",
        json_schema_extra=FACTOR,
    )
    end: float = Field(
        1.0,
        title="To",
        ge=0,
        le=1,
        description="Factor after the last of these epochs: 1 is the full value.",
        json_schema_extra=FACTOR,
    )
    epochs: float = Field(
        10.0,
        gt=0,
        le=100_000,
        title="Over",
        description="Epochs from the first factor to the last.",
        json_schema_extra={"unit": "epochs"},
    )

    @override
    def factor(self, epochs: float) -> float:
        return self.start + (self.end - self.start) * self.shape(min(1.0, epochs / self.epochs))

    @override
    def lasting(self, epochs: float) -> Self:
        longer = max(self.epochs, epochs)
        return self if self.end else self.model_copy(update={"epochs": longer})

    @abstractmethod
    def shape(self, done: float) -> float:
        """Return the progress (0 to 1) of the ramp at the share `done` (0 to 1) of its epochs."""


@SCHEDULES.register
class Linear(Ramp, title="Linear"):
    """A straight line: KL annealing of beta, or a warm-up of the learning rate.

    References
    ----------
    Generating Sentences from a Continuous Space, Bowman et al., 2016, section 3.1.
    """

    kind: Literal["linear"] = "linear"

    @override
    def shape(self, done: float) -> float:
        return done


@SCHEDULES.register
class Cosine(Ramp, title="Cosine"):
    """Half a cosine, slow at both ends; from 1 to 0 it reduces a learning rate smoothly.

    References
    ----------
    SGDR: Stochastic Gradient Descent with Warm Restarts, Loshchilov & Hutter, 2017, eq. 5.
    """

    kind: Literal["cosine"] = "cosine"

    @override
    def shape(self, done: float) -> float:
        return 0.5 - 0.5 * math.cos(math.pi * done)


@SCHEDULES.register
class Cyclical(Schedule, title="Cyclical"):
    """Cyclical annealing: repeated cycles from 0 can revive inactive dimensions.

    References
    ----------
    Cyclical Annealing Schedule, Fu et al., 2019, eq. 6 and 7.
    """

    kind: Literal["cyclical"] = "cyclical"
    period: float = Field(10.0, gt=0, le=100_000, description="Length of a cycle, in epochs.")
    rise: float = Field(
        0.5, gt=0, le=1, description="Share of a cycle that rises; the rest has the full value."
    )

    @override
    def factor(self, epochs: float) -> float:
        return min(1.0, epochs % self.period / self.period / self.rise)


@SCHEDULES.register
class OneCycle(Schedule, title="One cycle"):
    """A short warm-up, then a decay to 0: allows a high learning rate, and needs few epochs.

    References
    ----------
    Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates, Smith &
    Topin, 2018, section 4. On the straight decay: Straight to Zero, Bergsma et al., 2025.
    """

    kind: Literal["one-cycle"] = "one-cycle"
    epochs: float = Field(
        10.0,
        gt=0,
        le=100_000,
        title="Over",
        description="Length of the cycle: the epochs of the run. A longer run stretches it.",
        json_schema_extra={"unit": "epochs"},
    )
    warm_up: float = Field(
        0.1,
        title="Warm-up",
        gt=0,
        lt=1,
        description="Share of the cycle in which the factor rises from 0 to 1; then it falls "
        "in a straight line.",
    )

    @override
    def factor(self, epochs: float) -> float:
        done = min(1.0, epochs / self.epochs)
        return min(done / self.warm_up, (1 - done) / (1 - self.warm_up))

    @override
    def lasting(self, epochs: float) -> Self:
        return self.model_copy(update={"epochs": max(self.epochs, epochs)})


@SCHEDULES.register
class MultiStep(Schedule, title="Steps"):
    """A factor that falls by `gamma` at each of some epochs, as in published protocols.

    References
    ----------
    Importance Weighted Autoencoders, Burda et al., 2016, section 5, and torch's ``MultiStepLR``.
    """

    kind: Literal["multi-step"] = "multi-step"
    milestones: tuple[Annotated[int, Field(ge=1, le=100_000)], ...] = Field(
        (10, 20),
        min_length=1,
        max_length=100,
        description="Epochs after which the factor is reduced, such as 200, 350.",
    )
    gamma: float = Field(
        0.5,
        gt=0,
        le=1,
        description="What the factor is multiplied by at each of them; 0.63 is 10^(-1/5).",
        json_schema_extra=FACTOR,
    )

    @override
    def factor(self, epochs: float) -> float:
        return self.gamma ** sum(epochs >= milestone for milestone in self.milestones)
