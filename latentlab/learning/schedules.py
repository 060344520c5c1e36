"""Schedules over the epochs, for weights of the loss and for the learning rate."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Literal, override

from pydantic import Field

from latentlab.config import ADVANCED, Config, Registry


class Schedule(Config, ABC):
    """Base class: a factor from 0 to 1 over the epochs."""

    kind: str

    @abstractmethod
    def factor(self, epochs: float) -> float:
        """Return the factor after `epochs` epochs, with fractions."""


SCHEDULES = Registry[Schedule]("schedule", default="constant")


@SCHEDULES.register
class Constant(Schedule):
    """The full weight from the first step."""

    kind: Literal["constant"] = "constant"

    @override
    def factor(self, epochs: float) -> float:
        return 1.0


class Ramp(Schedule):
    """Base class: a factor that goes from `start` to `end` in `epochs` epochs, then is constant."""

    epochs: float = Field(
        10.0, gt=0, le=100_000, description="Epochs until the end is reached.", title="Over"
    )
    start: float = Field(
        0.0, ge=0, le=1, description="Factor at the beginning.", json_schema_extra=ADVANCED
    )
    end: float = Field(
        1.0, ge=0, le=1, description="Factor from then on.", json_schema_extra=ADVANCED
    )

    @override
    def factor(self, epochs: float) -> float:
        return self.start + (self.end - self.start) * self.shape(min(1.0, epochs / self.epochs))

    @abstractmethod
    def shape(self, done: float) -> float:
        """Return the progress (0 to 1) of the ramp at the share `done` (0 to 1) of its epochs."""


@SCHEDULES.register
class Linear(Ramp):
    """A straight line: KL annealing, against early collapse; or a learning rate's warm-up.

    References
    ----------
    Generating Sentences from a Continuous Space, Bowman et al., 2016, section 3.1.
    """

    kind: Literal["linear"] = "linear"

    @override
    def shape(self, done: float) -> float:
        return done


@SCHEDULES.register
class Cosine(Ramp):
    """Half a cosine, slow at both ends; from 1 to 0 it lets a learning rate fade out.

    References
    ----------
    SGDR: Stochastic Gradient Descent with Warm Restarts, Loshchilov & Hutter, 2017, eq. 5.
    """

    kind: Literal["cosine"] = "cosine"

    @override
    def shape(self, done: float) -> float:
        return 0.5 - 0.5 * math.cos(math.pi * done)


@SCHEDULES.register
class Cyclical(Schedule):
    """Again and again from 0 to the full weight: each cycle frees dimensions that had died.

    References
    ----------
    Cyclical Annealing Schedule, Fu et al., 2019, eq. 6 and 7.
    """

    kind: Literal["cyclical"] = "cyclical"
    period: float = Field(10.0, gt=0, le=100_000, description="Epochs of one cycle.")
    rise: float = Field(
        0.5, gt=0, le=1, description="Share of a cycle that rises; the rest has the full weight."
    )

    @override
    def factor(self, epochs: float) -> float:
        return min(1.0, epochs % self.period / self.period / self.rise)
