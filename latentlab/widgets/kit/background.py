"""Background thread for computations of widgets; only the newest pending job is kept."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

if TYPE_CHECKING:
    from collections.abc import Callable


class BackgroundWorker(QObject):
    """Runs one job at a time in a background thread; a new pending job replaces the previous one.

    Jobs use numpy on arrays that are not modified meanwhile, and access no widget.
    """

    done = Signal(object)
    """Result of a job; emitted in the GUI thread."""
    _finished = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._next: Callable[[], object] | None = None
        self.busy = False
        self._finished.connect(self._on_finished)

    def run(self, job: Callable[[], object]) -> None:
        """Start a job, or keep it until the running one ends; call it from the GUI thread."""
        if self.busy:
            self._next = job
        else:
            self.busy = True
            threading.Thread(target=self._work, args=(job,), name="background", daemon=True).start()

    def _work(self, job: Callable[[], object]) -> None:
        """Execute a job in the background thread."""
        result = None
        try:
            result = job()
        finally:
            # The window may have been destroyed meanwhile.
            with suppress(RuntimeError):
                self._finished.emit(result)

    @Slot(object)
    def _on_finished(self, result: object) -> None:
        self.busy = False
        job, self._next = self._next, None
        if job:
            self.run(job)
        if result is not None:
            self.done.emit(result)
