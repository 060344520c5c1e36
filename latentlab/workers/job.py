"""Job: a thread that runs a generator of events until it ends or is interrupted."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, override

from PySide6.QtCore import QObject, QThread, Signal

from latentlab.learning.events import Step
from latentlab.session.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    Events = Callable[[], Generator[object]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of a job: ``"succeeded"``, ``"stopped"`` or ``"failed"`` with a `Failure`."""

    how: str
    failure: Failure | None = None


class Job(QThread):
    """Thread that runs one generator and emits its events.

    Parameters
    ----------
    make_events : callable
        Returns the generator; called on the job's thread.
    """

    happened = Signal(object)
    ended = Signal(object)

    def __init__(self, make_events: Events, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("job")
        self._make_events = make_events
        self._may_run = Event()
        self._may_run.set()

    def pause(self) -> None:
        """Pause before the next event; runs on the GUI thread."""
        self._may_run.clear()

    def go_on(self) -> None:
        """Resume after a pause; runs on the GUI thread."""
        self._may_run.set()

    def interrupt(self) -> None:
        """Request the end at the next event, also during a pause; runs on the GUI thread."""
        self.requestInterruption()
        self._may_run.set()

    @override
    def run(self) -> None:
        """Run the generator on the job's thread; ``ended`` is the last signal, after saving."""
        self.ended.emit(self._run_events())

    def _run_events(self) -> Outcome:
        try:
            with closing(self._make_events()) as events:
                for event in events:
                    self._may_run.wait()
                    if self.isInterruptionRequested():
                        return Outcome("stopped")
                    if not (isinstance(event, Step) and event.losses is None):
                        self.happened.emit(event)
        except Exception as error:  # report any error to the window
            return Outcome("failed", Failure.of(error))
        return Outcome("succeeded")
