"""How a weight changes over the epochs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

from pydantic import Field

from latentlab.kinds import Config, Registry


class Schedule(Config, ABC):
    """A factor from 0 to 1 for a weight, over the epochs."""

    kind: str

    @abstractmethod
    def factor(self, epochs: float) -> float:
        """Return the factor after `epochs` epochs, fractions included."""


SCHEDULES = Registry[Schedule]("schedule", default="constant")


@SCHEDULES.register
class Constant(Schedule):
    """The full weight from the first step."""

    kind: Literal["constant"] = "constant"

    def factor(self, epochs: float) -> float:
        """See `Schedule.factor`."""
        return 1.0


@SCHEDULES.register
class Linear(Schedule):
    """From 0 to the full weight in a straight line: KL annealing, against early collapse."""

    kind: Literal["linear"] = "linear"
    epochs: float = Field(
        10.0, gt=0, le=10_000, description="Epochs until the full weight.", title="Warm-up"
    )

    def factor(self, epochs: float) -> float:
        """See `Schedule.factor`."""
        return min(1.0, epochs / self.epochs)
