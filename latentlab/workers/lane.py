"""The lane: one thread that owns the explorer and answers the newest question of each kind.

    GUI thread                           lane's thread
    submit(request) --> mailbox[place] -> answer(request)
          ^                                     |
          +---------- answered(Answer) <--------+

A newer request takes the place of a waiting one of its kind, so dragging never builds a queue;
requests that write files are all answered, one after another. No locks are needed: the mailbox is
a dict whose single operations are atomic, and what answers is touched by the lane's thread alone.

Work that takes long is answered by a generator. It is gone on with, piece by piece, whenever
nothing else waits, so nobody waits for it, and at least every `TURN_EVERY` seconds where something
always waits; each piece may tell how far it is. The work with the highest priority goes first, and
work of the same priority takes turns. While a run trains on the same cores, modest work rests
between its pieces.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, QThread, QTimer, Signal, Slot

from latentlab.session.failure import Failure
from latentlab.workers.memory import give_back_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from latentlab.session.request import Request
    from latentlab.work import Progress

    Answerer = Callable[[Request[Any]], object]


TELL_EVERY = 0.05
"""Seconds between two reports of how far work is."""
REST_MS = 1000
"""How long nothing must be asked before freed memory is given back."""
TURN_EVERY = 0.05
"""Seconds after which begun work has a turn, even though something else waits."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request on its way; numbers grow with each submission."""

    number: int
    request: Request[Any]

    @property
    def place(self) -> object:
        """Where it waits: a newer request takes the place of an older one in the same."""
        return self.number if self.request.writes else type(self.request)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request: a response, or a failure."""

    number: int
    request: Request[Any]
    response: object = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class LaneProgress:
    """How far the answer to a request is."""

    number: int
    request: Request[Any]
    loading: Progress


Mailbox = dict[object, Ticket]


class Lane(QObject):
    """Asks the explorer without ever waiting for it.

    Parameters
    ----------
    make_answerer : callable
        Makes what answers requests; called once, on the lane's thread, since it loads torch.
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
        """Let modest work take this share of the time, 0 to 1; runs on the GUI thread."""
        self._worker.share = share

    def submit(self, request: Request[Any]) -> int:
        """Ask; runs on the GUI thread and returns at once with the request's number."""
        self._number += 1
        ticket = Ticket(self._number, request)
        self._mailbox[ticket.place] = ticket
        self._posted.emit()
        return self._number

    def withdraw(self, kind: type[Request[Any]]) -> None:
        """Cancel pending requests of a kind and work on them; runs on the GUI thread."""
        self._worker.withdrawn[kind] = self._number
        self._mailbox.pop(kind, None)

    def close(self) -> None:
        """Write the files that still wait, answer nothing else, and wait until all is done.

        Runs on the GUI thread.
        """
        for place, ticket in list(self._mailbox.items()):
            if not ticket.request.writes:
                self._mailbox.pop(place, None)
        self._closing.emit()
        self._thread.wait()


@dataclass(slots=True)
class _Work:
    """An answer in the making."""

    ticket: Ticket
    pieces: Generator[Progress, None, object]
    told: float = 0.0
    done: int = 0


def _turn(work: _Work) -> tuple[int, int]:
    """Return what comes first: by priority, then by how few turns it has had."""
    return work.ticket.request.priority, work.done


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
        """The number of the last cancelled request, by its kind."""
        self.share = 1.0
        self._turned = self._rested = 0.0
        self._finished = False
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self.tidy)
        # A timer, even for at once: whatever was posted meanwhile comes first, closing too.
        self._next = QTimer(self, singleShot=True)
        self._next.timeout.connect(self.work)

    @Slot()
    def wake(self) -> None:
        """Look into the mailbox, which newer requests may have emptied; on the lane's thread."""
        if self._mailbox:
            self.work()

    @Slot()
    def work(self) -> None:
        """Answer the waiting request of highest priority, or go on with work; on its thread."""
        for ticket in [work.ticket for work in self._begun.values()]:
            if ticket.number <= self.withdrawn.get(ticket.place, 0):
                self._drop(ticket.place)
        begun = self._awake()
        has_turn = time.monotonic() - self._turned >= TURN_EVERY
        # Codes of a model that has diverged are no numbers: nothing to warn of each time.
        with np.errstate(all="ignore"):
            if begun and (has_turn or not self._mailbox):
                self._go_on(min(begun, key=_turn))
            elif self._mailbox:
                self._answer_first()
        if self._mailbox or self._awake():
            self._next.start(0)
        elif self._begun:
            self._next.start(max(1, round(1000 * (self._rested - time.monotonic()))))
        if not self._finished:
            self._rest.start()

    @Slot()
    def tidy(self) -> None:
        """Give back what the models opened before have left; runs on the lane's thread."""
        give_back_memory()

    def _awake(self) -> list[_Work]:
        """Return the work that may go on now: all but modest work that rests."""
        rests = time.monotonic() < self._rested
        return [work for work in self._begun.values() if not (rests and work.ticket.request.modest)]

    @Slot()
    def finish(self) -> None:
        """Answer all that waits, then end the lane's thread; runs on it."""
        self._finished = True
        self._rest.stop()
        while self._mailbox:
            self._answer_first()
        for work in self._begun.values():
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
        except Exception as error:  # whatever it is, the window must live and say it
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
        work.done += 1
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
                took = time.thread_time() - began
                self._rested = self._turned + took * (1 / self.share - 1)
        if time.monotonic() - work.told >= TELL_EVERY:
            work.told = time.monotonic()
            self.progressed.emit(LaneProgress(ticket.number, ticket.request, loading))

    def _fail(self, ticket: Ticket, error: Exception) -> None:
        self.answered.emit(Answer(ticket.number, ticket.request, failure=Failure.of(error)))
