"""A job: a thread that asks a generator for its next event until there is none or it is told."""

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
    """How a job ended: ``"succeeded"``, ``"stopped"`` or ``"failed"``, the last with why."""

    how: str
    failure: Failure | None = None


class Job(QThread):
    """Pumps one generator.

    Parameters
    ----------
    make_events : callable
        Makes the generator; called on the job's thread.
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
        """Ask for no further event for now; runs on the GUI thread."""
        self._may_run.clear()

    def go_on(self) -> None:
        """Go on after a pause; runs on the GUI thread."""
        self._may_run.set()

    def interrupt(self) -> None:
        """Ask it to end within a batch, paused or not; runs on the GUI thread."""
        self.requestInterruption()
        self._may_run.set()

    @override
    def run(self) -> None:
        """Pump; runs on the job's thread. ``ended`` is the last signal, after all is saved."""
        self.ended.emit(self._pump())

    def _pump(self) -> Outcome:
        try:
            with closing(self._make_events()) as events:
                for event in events:
                    self._may_run.wait()
                    if self.isInterruptionRequested():
                        return Outcome("stopped")
                    if not (isinstance(event, Step) and event.losses is None):
                        self.happened.emit(event)
        except Exception as error:  # whatever it is, the window must live and say it
            return Outcome("failed", Failure.of(error))
        return Outcome("succeeded")
