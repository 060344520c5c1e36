"""The lane: one thread that owns the explorer and answers the newest question of each kind.

    GUI thread                           lane's thread
    submit(request) --> mailbox[place] -> answer(request)
          ^                                     |
          +---------- answered(Answer) <--------+

A newer request takes the place of a waiting one of its kind, so dragging never builds a queue,
though no file to be written gives way to another (see `Request.place`). No locks
are needed: the mailbox is a dict whose single operations are atomic, and what answers is
touched by the lane's thread alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThread, Signal, Slot

from latentlab.session.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from latentlab.session.requests import Request

    Answerer = Callable[[Request], object]


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request on its way; numbers grow with each submission."""

    number: int
    request: Request


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request: a response, or a failure."""

    number: int
    request: Request
    response: object = None
    failure: Failure | None = None


Mailbox = dict[object, Ticket]


class Lane(QObject):
    """Asks the explorer without ever waiting for it.

    Parameters
    ----------
    make_answerer : callable
        Makes what answers requests; called once, on the lane's thread, since it loads torch.
    """

    answered = Signal(object)
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
        self._posted.connect(self._worker.work)
        self._closing.connect(self._worker.finish)
        self._worker.answered.connect(self.answered)
        self._thread.start()

    def submit(self, request: Request) -> int:
        """Ask; runs on the GUI thread and returns at once with the request's number."""
        self._number += 1
        self._mailbox[request.place] = Ticket(self._number, request)
        self._posted.emit()
        return self._number

    def withdraw(self, kind: type[Request]) -> None:
        """Ask no more what still waits of a kind; runs on the GUI thread."""
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


class _Worker(QObject):
    answered = Signal(object)

    def __init__(self, make_answerer: Callable[[], Answerer], mailbox: Mailbox) -> None:
        super().__init__()
        self._make_answerer = make_answerer
        self._answerer: Answerer | None = None
        self._mailbox = mailbox

    @Slot()
    def work(self) -> None:
        """Answer the most urgent waiting request, if any; runs on the lane's thread."""
        waiting = list(self._mailbox.values())
        if not waiting:
            return
        first = min(waiting, key=lambda ticket: (ticket.request.urgency, ticket.number))
        ticket = self._mailbox.pop(first.request.place, None)
        if ticket:
            self.answered.emit(self._answer(ticket))

    @Slot()
    def finish(self) -> None:
        """Answer all that waits, then end the lane's thread; runs on it."""
        while self._mailbox:
            self.work()
        self.thread().quit()

    def _answer(self, ticket: Ticket) -> Answer:
        try:
            if self._answerer is None:
                self._answerer = self._make_answerer()
            return Answer(ticket.number, ticket.request, self._answerer(ticket.request))
        except Exception as error:  # whatever it is, the window must live and say it
            return Answer(ticket.number, ticket.request, failure=Failure.of(error))
