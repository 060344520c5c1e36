"""The lane: one thread that owns the explorer and answers the newest request of each kind.

    GUI thread                           lane's thread
    submit(request) --> mailbox[place] -> answer(request)
          ^                                     |
          +---------- answered(Answer) <--------+

A newer request replaces a pending one of its kind, so dragging never builds a queue; requests that
write files are all answered in order. No locks are needed: the mailbox is a dict whose single
operations are atomic, and the answerer is used by the lane's thread only.

Long work is a generator. It advances step by step when nothing is pending, so that it does not
delay other requests, and at least every `TURN_EVERY` seconds otherwise; each step may report
progress. Work with the highest priority runs first, and work of the same priority alternates.
While a run trains on the same cores, modest work sleeps between its steps.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, QThread, QTimer, Signal, Slot

from latentlab.session.failure import Failure
from latentlab.workers.memory import trim_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from latentlab.session.request import Request
    from latentlab.work import Progress

    Answerer = Callable[[Request[Any]], object]


PROGRESS_INTERVAL_S = 0.05
"""Seconds between two progress reports."""
IDLE_MS = 1000
"""Idle time in milliseconds after which freed memory is returned to the system."""
MAX_STEP_DELAY_S = 0.05
"""Seconds after which started work runs a step even if requests are pending."""


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """Submitted request; numbers increase with each submission."""

    number: int
    request: Request[Any]

    @property
    def place(self) -> object:
        """Key in the mailbox: a newer request replaces an older one with the same key."""
        return self.number if self.request.writes else type(self.request)


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer to a request: a response or a failure."""

    number: int
    request: Request[Any]
    response: object = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class LaneProgress:
    """Progress of a request."""

    number: int
    request: Request[Any]
    loading: Progress


Mailbox = dict[object, PendingRequest]


class Lane(QObject):
    """Asynchronous access to the explorer.

    Parameters
    ----------
    make_answerer : callable
        Returns the answerer; called once, on the lane's thread, since it imports torch.
    """

    answered = Signal(object)
    progressed = Signal(object)
    _posted = Signal()
    _closing = Signal()

    def __init__(
        self, make_answerer: Callable[[], Answerer], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._mailbox: Mailbox = {}
        self._number = 0
        self._thread = QThread()
        self._thread.setObjectName("lane")
        self._worker = _Worker(make_answerer, self._mailbox)
        self._worker.moveToThread(self._thread)
        self._posted.connect(self._worker.wake)
        self._closing.connect(self._worker.finish)
        self._worker.answered.connect(self.answered)
        self._worker.progressed.connect(self.progressed)
        self._thread.start()

    def leave_time(self, share: float) -> None:
        """Limit modest work to this fraction of the time, 0 to 1; runs on the GUI thread."""
        self._worker.share = share

    def submit(self, request: Request[Any]) -> int:
        """Submit a request and return its number immediately; runs on the GUI thread."""
        self._number += 1
        ticket = PendingRequest(self._number, request)
        self._mailbox[ticket.place] = ticket
        self._posted.emit()
        return self._number

    def withdraw(self, kind: type[Request[Any]]) -> None:
        """Cancel pending requests of a kind and work on them; runs on the GUI thread."""
        self._worker.withdrawn[kind] = self._number
        self._mailbox.pop(kind, None)

    def close(self) -> None:
        """Answer the pending requests that write files, drop all others, and end the thread.

        Runs on the GUI thread.
        """
        for place, ticket in list(self._mailbox.items()):
            if not ticket.request.writes:
                self._mailbox.pop(place, None)
        self._closing.emit()
        self._thread.wait()


@dataclass(slots=True)
class _Work:
    """Started long work."""

    ticket: PendingRequest
    pieces: Generator[Progress, None, object]
    reported: float = 0.0
    steps: int = 0


def _sort_key(work: _Work) -> tuple[int, int]:
    """Return the order of work: by priority, then by the number of steps done."""
    return work.ticket.request.priority, work.steps


class _Worker(QObject):
    answered = Signal(object)
    progressed = Signal(object)

    def __init__(self, make_answerer: Callable[[], Answerer], mailbox: Mailbox) -> None:
        super().__init__()
        self._make_answerer = make_answerer
        self._answerer: Answerer | None = None
        self._mailbox = mailbox
        self._begun: dict[object, _Work] = {}
        self.withdrawn: dict[object, int] = {}
        """Number of the last cancelled request by kind."""
        self.share = 1.0
        self._turned = self._rest_until = 0.0
        self._finished = False
        self._rest = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._rest.timeout.connect(self.tidy)
        # A timer even for no delay, so that events posted meanwhile, such as closing, come first.
        self._next = QTimer(self, singleShot=True)
        self._next.timeout.connect(self.work)

    @Slot()
    def wake(self) -> None:
        """Process the mailbox, which may be empty already; runs on the lane's thread."""
        if self._mailbox:
            self.work()

    @Slot()
    def work(self) -> None:
        """Answer the pending request of highest priority, or run a step; on the lane's thread."""
        for ticket in [work.ticket for work in self._begun.values()]:
            if ticket.number <= self.withdrawn.get(type(ticket.request), 0):
                self._drop(ticket.place)
        begun = self._awake()
        has_turn = time.monotonic() - self._turned >= MAX_STEP_DELAY_S
        # The codes of a diverged model are NaN; do not warn each time.
        with np.errstate(all="ignore"):
            if begun and (has_turn or not self._mailbox):
                self._go_on(min(begun, key=_sort_key))
            elif self._mailbox:
                self._answer_first()
        if self._mailbox or self._awake():
            self._next.start(0)
        elif self._begun:
            self._next.start(max(1, round(1000 * (self._rest_until - time.monotonic()))))
        if not self._finished:
            self._rest.start()

    @Slot()
    def tidy(self) -> None:
        """Return the memory of closed models to the system; runs on the lane's thread."""
        trim_memory()

    def _awake(self) -> list[_Work]:
        """Return the work that may run now: all but modest work that sleeps."""
        sleeps = time.monotonic() < self._rest_until
        begun = self._begun.values()
        return [work for work in begun if not (sleeps and work.ticket.request.modest)]

    @Slot()
    def finish(self) -> None:
        """Answer all pending requests, finish files, then end the lane's thread; runs on it."""
        self._finished = True
        self._rest.stop()
        while self._mailbox:
            self._answer_first()
        for work in list(self._begun.values()):
            while work.ticket.request.writes and work.ticket.place in self._begun:
                self._go_on(work)
            work.pieces.close()
        self._next.stop()
        self.thread().quit()

    def _drop(self, place: object) -> None:
        if work := self._begun.pop(place, None):
            work.pieces.close()

    def _answer_first(self) -> None:
        waiting = list(self._mailbox.values())
        if not waiting:
            return
        first = min(waiting, key=lambda ticket: (ticket.request.priority, ticket.number))
        ticket = self._mailbox.pop(first.place, None)
        if ticket is None:
            return
        try:
            if self._answerer is None:
                self._answerer = self._make_answerer()
            response = self._answerer(ticket.request)
        except Exception as error:  # report any error to the window
            self._fail(ticket, error)
            return
        if isinstance(response, Generator):
            self._drop(ticket.place)
            if not self._begun:
                self._turned = time.monotonic()
            self._begun[ticket.place] = _Work(ticket, response)
        else:
            self.answered.emit(Answer(ticket.number, ticket.request, response))

    def _go_on(self, work: _Work) -> None:
        ticket, began = work.ticket, time.thread_time()
        work.steps += 1
        try:
            loading = next(work.pieces)
        except StopIteration as done:
            del self._begun[ticket.place]
            self.answered.emit(Answer(ticket.number, ticket.request, done.value))
            return
        except Exception as error:
            del self._begun[ticket.place]
            self._fail(ticket, error)
            return
        finally:
            self._turned = time.monotonic()
            if ticket.request.modest:
                duration = time.thread_time() - began
                self._rest_until = self._turned + duration * (1 / self.share - 1)
        if time.monotonic() - work.reported >= PROGRESS_INTERVAL_S:
            work.reported = time.monotonic()
            self.progressed.emit(LaneProgress(ticket.number, ticket.request, loading))

    def _fail(self, ticket: PendingRequest, error: Exception) -> None:
        self.answered.emit(Answer(ticket.number, ticket.request, failure=Failure.of(error)))
