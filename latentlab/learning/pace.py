"""Training speed and time left."""

from __future__ import annotations

import math

DECAY_S = 3.0
"""Time constant in seconds: older measurements decay by 1/e."""


class TrainingSpeed:
    """Exponentially decaying means of the duration of steps, in this part of a resumed run.

    Parameters
    ----------
    now : float
        Time in seconds on the clock of `note`.
    """

    def __init__(self, now: float) -> None:
        self._last = now
        self._calls = 0
        self._excluded = 0.0
        self._steps = self._seconds = self._training = 0.0

    def set_aside(self, seconds: float) -> None:
        """Exclude time, such as validation, from the speed but not from the time left."""
        self._excluded += seconds

    def note(self, now: float, steps: int) -> None:
        """Record the steps made since the last call."""
        if self._calls == 1:
            # The first steps are slow: memory is allocated and kernels are selected.
            self._steps = self._seconds = self._training = 0.0
        seconds = max(now - self._last, 1e-9)
        fade = math.exp(-seconds / DECAY_S)
        self._steps = self._steps * fade + steps
        self._seconds = self._seconds * fade + seconds
        self._training = self._training * fade + max(seconds - self._excluded, 1e-9)
        self._last, self._excluded = now, 0.0
        self._calls += 1

    @property
    def steps_per_second(self) -> float:
        """Steps per second of training."""
        return self._steps / self._training if self._training else 0.0

    def seconds_for(self, steps: int) -> float:
        """Return the estimated seconds for `steps` steps, validation included."""
        return max(0, steps) * self._seconds / self._steps if self._steps else 0.0
