"""How often the window looks at a model under training: as rarely as it must for the run's sake."""

from __future__ import annotations

import os
import time

from PySide6.QtCore import QObject, QTimer, Signal, Slot

SHARE = 0.05
"""How much of all cores looks may take."""
SETTLE_MS = 250
"""Milliseconds in which panels draw what a look has brought."""
LONGEST = 2.5
"""Seconds after which the next look is taken, whatever the last one cost."""


class Looks(QObject):
    """Spaces looks at a model that trains on the same cores by what they cost.

    A look costs far more than the encoding of its images: every panel that shows the model makes
    its pictures anew. What counts is all processor time of the window, which does not include the
    run's own: that has a process to itself.
    """

    due = Signal()
    """The next look may be taken."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._at = self._spent = 0.0
        self._settled = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settled.timeout.connect(self._measure)
        self._next = QTimer(self, singleShot=True)
        self._next.timeout.connect(self.due)

    def begin(self) -> None:
        """Take note that a look begins."""
        self._at, self._spent = time.monotonic(), time.process_time()

    def end(self) -> None:
        """Take note that the model is in the window: panels draw it now."""
        self._settled.start()

    def close(self) -> None:
        """Look no more."""
        self._settled.stop()
        self._next.stop()

    @Slot()
    def _measure(self) -> None:
        cost = time.process_time() - self._spent
        rest = rest_after(cost, os.cpu_count() or 1) - (time.monotonic() - self._at)
        self._next.start(max(0, round(1000 * rest)))


def rest_after(cost: float, cores: int) -> float:
    """Return how many seconds after the beginning of a look the next may begin.

    Parameters
    ----------
    cost : float
        Seconds of processor time that the look took.
    cores : int
        On how many cores the run trains.
    """
    return min(LONGEST, cost / (SHARE * cores))
