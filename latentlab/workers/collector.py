"""Cyclic garbage, collected on the GUI thread alone and a little at a time."""

from __future__ import annotations

import gc
import sys

from PySide6.QtCore import QObject, QTimer, Slot

BEAT_MS = 1000
EVERY = {2: 60, 1: 10, 0: 1}
"""After how many beats each generation is collected; collecting an older one does the younger."""
MANY_MODULES = 20


def give_back() -> None:
    """Leave everything to the automatic collector."""
    gc.enable()
    gc.unfreeze()


class Collector(QObject):
    """Collects Python's cyclic garbage in the place of the automatic collector.

    That runs on whichever thread makes an object too many. On a worker's thread it would end Qt
    objects of the GUI thread, whose timers then fire into freed memory; and on any thread it goes
    through all that torch has loaded, while the window stands still for 0.3 s. Here it runs on the
    GUI thread, and leaves out what loaded modules hold.

    Parameters
    ----------
    parent : QObject
        With its end, the automatic collector comes back.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._beats = 0
        self._modules = 0
        gc.disable()
        parent.destroyed.connect(give_back)
        timer = QTimer(self, interval=BEAT_MS)
        timer.timeout.connect(self.beat)
        timer.start()

    @Slot()
    def beat(self) -> None:
        """Collect the generation whose turn it is."""
        self._beats += 1
        gc.collect(next(old for old, beats in EVERY.items() if self._beats % beats == 0))
        if len(sys.modules) - self._modules >= MANY_MODULES:
            self._modules = len(sys.modules)
            gc.freeze()
