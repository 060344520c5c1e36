"""Work beside the window: the newest job counts, and the window never waits for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

if TYPE_CHECKING:
    from collections.abc import Callable


class BackgroundWorker(QObject):
    """Runs one job at a time on a thread of its own; of those that wait, only the newest.

    Jobs are numpy on arrays that nobody writes to; they touch no widget.
    """

    done = Signal(object)
    """What a job returned; emitted on the GUI thread."""
    _over = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._next: Callable[[], object] | None = None
        self.busy = False
        self._over.connect(self._on_over)

    def run(self, job: Callable[[], object]) -> None:
        """Do a job as soon as may be; runs on the GUI thread."""
        if self.busy:
            self._next = job
        else:
            self.busy = True
            threading.Thread(target=self._work, args=(job,), name="aside", daemon=True).start()

    def _work(self, job: Callable[[], object]) -> None:
        """Do the job; runs on a thread of its own."""
        result = job()
        try:
            self._over.emit(result)
        except RuntimeError:
            return  # the window has gone meanwhile

    @Slot(object)
    def _on_over(self, result: object) -> None:
        self.busy = False
        job, self._next = self._next, None
        if job:
            self.run(job)
        self.done.emit(result)
