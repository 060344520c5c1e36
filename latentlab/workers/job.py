"""A job: a thread that asks a generator for its next event until there is none or it is told."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThread, Signal

from latentlab.learning.events import Event, Step
from latentlab.session.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    Events = Callable[[], Generator[Event]]


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

    def run(self) -> None:
        """Pump; runs on the job's thread. ``ended`` is the last signal, after all is saved."""
        self.ended.emit(self._pump())

    def _pump(self) -> Outcome:
        try:
            with closing(self._make_events()) as events:
                for event in events:
                    if self.isInterruptionRequested():
                        return Outcome("stopped")
                    if not (isinstance(event, Step) and event.losses is None):
                        self.happened.emit(event)
        except Exception as error:  # whatever it is, the window must live and say it
            return Outcome("failed", Failure.of(error))
        return Outcome("succeeded")
