"""Rate limit of the updates of a model under training, by their processor time."""

from __future__ import annotations

import os
import time

from PySide6.QtCore import QObject, QTimer, Signal, Slot

MAX_CPU_FRACTION = 0.05
"""Maximum fraction of the processor time of all cores for updates."""
SETTLE_MS = 250
"""Milliseconds that panels need to draw after an update."""
MAX_INTERVAL_S = 2.5
"""Maximum interval between two updates, in seconds."""


class UpdateThrottle(QObject):
    """Timer of the updates of a model that trains on the same cores.

    An update costs far more than encoding its images: every panel that shows the model recomputes
    its content. The cost is the processor time of the window's process, which excludes the run,
    as that has its own process.
    """

    due = Signal()
    """Emitted when the next update may start."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._at = self._spent = 0.0
        self._settled = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settled.timeout.connect(self._measure)
        self._next = QTimer(self, singleShot=True)
        self._next.timeout.connect(self.due)

    def begin(self) -> None:
        """Record the start of an update."""
        self._at, self._spent = time.monotonic(), time.process_time()

    def end(self) -> None:
        """Record that the model is in the state, so that panels draw it now."""
        self._settled.start()

    def close(self) -> None:
        """Stop the timers."""
        self._settled.stop()
        self._next.stop()

    @Slot()
    def _measure(self) -> None:
        cost = time.process_time() - self._spent
        rest = update_interval(cost, os.cpu_count() or 1) - (time.monotonic() - self._at)
        self._next.start(max(0, round(1000 * rest)))


def update_interval(cost: float, cores: int) -> float:
    """Return the seconds from the start of an update to the start of the next.

    Parameters
    ----------
    cost : float
        Processor time of the update, in seconds.
    cores : int
        Number of cores.
    """
    return min(MAX_INTERVAL_S, cost / (MAX_CPU_FRACTION * cores))
