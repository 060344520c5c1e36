"""Cyclic garbage collection on the GUI thread only, in short steps."""

from __future__ import annotations

import gc
import sys

from PySide6.QtCore import QObject, QTimer, Slot

INTERVAL_MS = 1000
BEATS_PER_GENERATION = {2: 60, 1: 10, 0: 1}
"""Beats between two collections of each generation; older ones include the younger."""
MODULES_BEFORE_FREEZE = 20


def restore_automatic_gc() -> None:
    """Enable the automatic collector again."""
    gc.enable()
    gc.unfreeze()


class Collector(QObject):
    """Replacement of Python's automatic cyclic garbage collector.

    The automatic collector runs on any thread. On a worker thread it would delete Qt objects of the
    GUI thread, whose timers then fire into freed memory; and on any thread it traverses all objects
    of torch, which blocks the window for 0.3 s. This one runs on the GUI thread, and excludes the
    objects of loaded modules.

    Parameters
    ----------
    parent : QObject
        The automatic collector is enabled again when it is destroyed.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._beats = 0
        self._modules = 0
        gc.disable()
        parent.destroyed.connect(restore_automatic_gc)
        timer = QTimer(self, interval=INTERVAL_MS)
        timer.timeout.connect(self.beat)
        timer.start()

    @Slot()
    def beat(self) -> None:
        """Collect the generation that is due."""
        self._beats += 1
        gc.collect(
            next(age for age, beats in BEATS_PER_GENERATION.items() if self._beats % beats == 0)
        )
        if len(sys.modules) - self._modules >= MODULES_BEFORE_FREEZE:
            self._modules = len(sys.modules)
            gc.freeze()
