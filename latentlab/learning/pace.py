"""How fast a run goes: images per second, and the time left."""

from __future__ import annotations

import math

MEMORY = 3.0
"""Seconds after which what was measured counts for a third."""


class Pace:
    """Fading means of what steps take, of this part of the run alone.

    Parameters
    ----------
    now : float
        Seconds on the clock that `note` goes by.
    """

    def __init__(self, now: float) -> None:
        self._since = now
        self._notes = 0
        self._aside = 0.0
        self._steps = self._seconds = self._training = 0.0

    def set_aside(self, seconds: float) -> None:
        """Leave time out of the speed, but not out of the time left: that of validation."""
        self._aside += seconds

    def note(self, now: float, steps: int) -> None:
        """Say how many steps were made since the last time."""
        if self._notes == 1:
            # The first steps are slow: memory is taken, kernels are chosen.
            self._steps = self._seconds = self._training = 0.0
        seconds = max(now - self._since, 1e-9)
        fade = math.exp(-seconds / MEMORY)
        self._steps = self._steps * fade + steps
        self._seconds = self._seconds * fade + seconds
        self._training = self._training * fade + max(seconds - self._aside, 1e-9)
        self._since, self._aside = now, 0.0
        self._notes += 1

    @property
    def steps_per_second(self) -> float:
        """Steps made per second of training."""
        return self._steps / self._training if self._training else 0.0

    def seconds_for(self, steps: int) -> float:
        """Return how long steps will take, validation included."""
        return max(0, steps) * self._seconds / self._steps if self._steps else 0.0
