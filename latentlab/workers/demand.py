"""Demand: which requests are sent to the lane, and which answers are still valid.

Each visible panel declares the requests that it wants for a state. After each change, those that
were not sent yet are sent. So hidden panels cost nothing, and painting sends no requests.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Slot

from latentlab.session.belonging import belongs
from latentlab.session.request import Lifetime
from latentlab.session.state import valid_answers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from latentlab.session.request import Request
    from latentlab.session.state import State
    from latentlab.workers.lane import Answer, Lane, LaneProgress
    from latentlab.workers.store import Store

    Wants = Callable[[State], Iterable[Request[Any]]]
    Kind = type[Request[Any]]
    Handler = Callable[[Any, Any], None]
    FailureHandler = Callable[[Any], None]

CALM_MS = 200
"""Milliseconds without another request of its kind, after which a modest one is sent to a busy
lane."""
PATIENCE_MS = 1000
"""Milliseconds after which it is sent even though there are others all the time."""


@dataclass(frozen=True, slots=True)
class _Handling:
    """What becomes of the answers to a kind of request; see `Demand.on`."""

    succeeded: Handler
    failed: FailureHandler | None
    is_fact: bool


@dataclass(frozen=True, slots=True)
class _Held:
    request: Request[Any]
    first: float
    """When the first of its kind began to wait."""
    due: float
    """When it need not wait any longer for z to stand still."""


class Demand(QObject):
    """Sends requests to the lane and brings their answers into the state.

    While a run trains on the same cores, modest requests wait until z stands still: otherwise a
    drag would begin work at every move and finish none. All methods run on the GUI thread.

    Parameters
    ----------
    store : Store
        Takes the answers.
    lane : Lane
        Answers requests.
    """

    def __init__(self, store: Store, lane: Lane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._lane = store, lane
        self._handling: dict[Kind, _Handling] = {}
        self._viewers: dict[object, Wants] = {}
        self._sent: dict[Kind, Request[Any]] = {}
        """The last request of each kind, which is not sent again."""
        self._cancelled: set[Kind] = set()
        self._held: dict[Kind, _Held] = {}
        self._busy = False
        self._number = self._model_since = 0
        self._last: dict[Kind, int] = {}
        """The number of the last request of each kind."""
        self._valid_from: dict[Kind, int] = {}
        """Answers with a lower number are outdated."""
        self._next = QTimer(self, singleShot=True)
        self._next.timeout.connect(self._release)
        store.follow = self._follow

    # Sending

    def ask(self, request: Request[Any]) -> None:
        """Send a request, unless it is about another model than the open one."""
        state = self._store.state
        if request.is_about_model() and not belongs(request, state):
            return
        self._send_or_hold(request)
        self._store.set(awaited=self._store.state.awaited | {type(request)})

    def submit(self, request: Request[Any]) -> None:
        """Send a request without marking it as awaited."""
        self._number = self._last[type(request)] = self._lane.submit(request)

    def show(self, viewer: object, wants: Wants) -> None:
        """Send what a viewer wants, now and after each change, while it is visible."""
        self._viewers[viewer] = wants
        self.renew()

    def hide(self, viewer: object) -> None:
        """Stop sending what a viewer wants: it is hidden."""
        self._viewers.pop(viewer, None)

    @Slot()
    def renew(self) -> None:
        """Send what is wanted now, after a viewer has changed its own settings."""
        self._store.set()

    def on(
        self,
        kind: Kind,
        handler: Handler,
        *,
        failed: FailureHandler | None = None,
        is_fact: bool = False,
    ) -> None:
        """Have answers to a kind of request taken by a handler, instead of kept in the state.

        Parameters
        ----------
        kind : type of Request
            This class, and those derived from it that have no handler of their own.
        handler : callable
            Takes the request and the response.
        failed : callable, optional
            Takes a request that failed; the user has been told.
        is_fact : bool
            Whether the explorer has changed by the answer: it is taken even though the request was
            cancelled, since that came too late.
        """
        self._handling[kind] = _Handling(handler, failed, is_fact)

    def _follow(self, state: State) -> dict[str, Any]:
        """Send what is wanted of a new state and was not sent yet; return what is awaited now."""
        self._forget_outdated(self._store.state, state)
        awaited = set(state.awaited)
        wanted = [request for wants in self._viewers.values() for request in wants(state)]
        for kind in self._cancelled - {type(request) for request in wanted}:
            self._cancelled.discard(kind)
            self._sent.pop(kind, None)
        # Stable: of the same priority, the first viewer's first.
        for request in sorted(wanted, key=lambda request: request.priority):
            if self._sent.get(type(request)) != request and belongs(request, state):
                self._send_or_hold(request)
                awaited.add(type(request))
        return {} if awaited == state.awaited else {"awaited": frozenset(awaited)}

    def _forget_outdated(self, old: State, new: State) -> None:
        """Let those requests be sent again that are about other codes, or lost their answers."""
        for kind in list(self._sent):
            answers = kind.updates or kind
            is_lost = old.answer(answers) is not None and new.answer(answers) is None
            if is_lost or (kind.is_about_model() and new.codes is not old.codes):
                del self._sent[kind]

    def _send_or_hold(self, request: Request[Any]) -> None:
        now, kind = time.monotonic(), type(request)
        if not request.writes:
            self._sent[kind] = request
        if not (self._busy and request.modest):
            self._held.pop(kind, None)
            self.submit(request)
            return
        first = self._held[kind].first if kind in self._held else now
        due = min(now + CALM_MS / 1000, first + PATIENCE_MS / 1000)
        self._held[kind] = _Held(request, first, due)
        self._release()

    def set_busy(self, busy: bool) -> None:
        """Say whether a run trains on the same cores."""
        self._busy = busy
        self._release()

    @Slot()
    def _release(self) -> None:
        """Send what is due, and come back when the next is."""
        now = time.monotonic()
        due = [kind for kind, held in self._held.items() if held.due <= now or not self._busy]
        for kind in due:
            self.submit(self._held.pop(kind).request)
        if self._held:
            first = min(held.due for held in self._held.values())
            self._next.start(max(1, round(1000 * (first - now))))

    # Cancelling

    def withdraw(self, kind: Kind) -> None:
        """Cancel pending requests of a kind; the next equal one is sent again."""
        self._store.set(**self.withdrawn(kind))

    def withdrawn(self, kind: Kind) -> dict[str, Any]:
        """Withdraw a kind; return what changes in the state, to be set with its replacement.

        Set before that, the old state would want the same request again.
        """
        self._stop(kind)
        self._sent.pop(kind, None)
        return self._without({kind})

    def cancel(self, kind: Kind) -> None:
        """Cancel requests of a kind for the user.

        An equal one is sent again only after no viewer wanted it, as when a layer was switched off
        and on.
        """
        self._stop(kind)
        self._cancelled.add(kind)
        self._store.set(**self._without({kind}))

    def expire(self, *, is_new: bool) -> dict[str, Any]:
        """Cancel the requests that other codes, or another model, make useless.

        Returns
        -------
        dict
            What changes in the state. Set it together with the codes; set before, the requests
            would be sent again for the old ones.
        """
        if is_new:
            # What was asked until now, even while the model opened, was asked of the one before.
            self._model_since = self._number
        state = self._store.state
        begun = {*state.working, *state.awaited}
        stale = {kind for kind in begun if kind.lifetime is Lifetime.CODES} | self._held.keys()
        if is_new:
            stale |= {kind for kind in begun if kind.is_about_model() and not kind.writes}
        for kind in stale:
            self._stop(kind)
        ended = (Lifetime.CODES, Lifetime.MODEL) if is_new else (Lifetime.CODES,)
        return {"answers": valid_answers(state.answers, *ended), **self._without(stale)}

    def _stop(self, kind: Kind) -> None:
        self._held.pop(kind, None)
        self._lane.withdraw(kind)
        self._valid_from[kind] = self._number + 1

    def _without(self, kinds: set[Kind]) -> dict[str, Any]:
        """Return what the state tells of requests without some kinds."""
        return self._not_awaited(kinds) | self._not_working(kinds)

    def _not_awaited(self, kinds: set[Kind]) -> dict[str, Any]:
        awaited = self._store.state.awaited
        return {"awaited": awaited - kinds} if awaited & kinds else {}

    def _not_working(self, kinds: set[Kind]) -> dict[str, Any]:
        working = self._store.state.working
        left = {kind: how for kind, how in working.items() if kind not in kinds}
        return {"working": left} if len(left) < len(working) else {}

    def close(self) -> None:
        """Send nothing more."""
        self._viewers.clear()
        self._held.clear()
        self._next.stop()

    # Answers

    def show_progress(self, progress: LaneProgress) -> None:
        """Show the progress of work."""
        if not self._is_stale(progress):
            kind = type(progress.request)
            self._store.set(working={**self._store.state.working, kind: progress.loading})

    @Slot(object)
    def take(self, answer: Answer) -> None:
        """Put an answer into the state, unless it is outdated."""
        if self._is_stale(answer) and not self._is_fact(answer):
            return
        request, kind = answer.request, type(answer.request)
        self._valid_from[kind] = max(answer.number, self._valid_from.get(kind, 0))
        handling = self._handling_of(kind)
        if answer.failure:
            self._store.set(**self._done(answer), failure=answer.failure, opening="")
            if handling and handling.failed:
                handling.failed(request)
        elif handling:
            # Before the state changes: it still has the old answer, and would want it again.
            handling.succeeded(request, answer.response)
            self._store.set(**self._done(answer))
        else:
            answers = {**self._store.state.answers, kind.updates or kind: answer.response}
            self._store.set(**self._done(answer), answers=answers)

    def _handling_of(self, kind: Kind) -> _Handling | None:
        return next((self._handling[base] for base in kind.__mro__ if base in self._handling), None)

    def _done(self, answer: Answer) -> dict[str, Any]:
        """Return what the state tells of requests once one is answered."""
        kind = type(answer.request)
        done = self._not_working({kind})
        is_last = answer.number >= self._last.get(kind, 0) and kind not in self._held
        # After a failure, the former answer is still outdated.
        if is_last and (answer.failure is None or not kind.is_about_model()):
            done |= self._not_awaited({kind})
        return done

    def _is_stale(self, answer: Answer | LaneProgress) -> bool:
        is_replaced = answer.number < self._valid_from.get(type(answer.request), 0)
        return is_replaced or self._is_of_another_model(answer)

    def _is_of_another_model(self, answer: Answer | LaneProgress) -> bool:
        return answer.request.is_about_model() and answer.number <= self._model_since

    def _is_fact(self, answer: Answer) -> bool:
        """Return whether the answer changed the explorer, so that cancelling came too late."""
        handling = self._handling_of(type(answer.request))
        is_fact = handling is not None and handling.is_fact and answer.failure is None
        return is_fact and not self._is_of_another_model(answer)
