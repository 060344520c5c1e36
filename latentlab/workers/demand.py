"""Demand: which requests are sent to the lane, and which answers are still valid.

Each visible panel declares the requests that it wants for a state. After each change, the ones not
yet sent are sent. Hidden panels therefore cost nothing, and painting sends no requests.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Slot

from latentlab.log_file import ACTIONS
from latentlab.session.abilities import why_not
from latentlab.session.belonging import belongs_to_model
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

DEBOUNCE_MS = 200
"""Milliseconds without a new request of its kind after which a held one is sent."""
MAX_HOLD_MS = 1000
"""Milliseconds after which a held request is sent even if new ones keep arriving."""
PROGRESS_DELAY_MS = 60
"""Milliseconds for which progress is collected: that of work which ends sooner is not shown."""


@dataclass(frozen=True, slots=True)
class _Handling:
    """Handlers of the answers to a kind of request; see `Demand.on`."""

    succeeded: Handler
    failed: FailureHandler | None
    is_fact: bool


@dataclass(frozen=True, slots=True)
class _Held:
    request: Request[Any]
    first: float
    """Time at which the first request of its kind was held."""
    due: float
    """Time at which it is sent."""


class Demand(QObject):
    """Sends requests to the lane and stores their answers in the state.

    While the hand moves z, a modest request is held until the one of its kind before is answered,
    and while a run trains on the same cores, until z stops moving: otherwise a drag would start
    work at every move and finish none. All methods run on the GUI thread.

    Parameters
    ----------
    store : Store
        Store of the state.
    lane : Lane
        Answers requests.
    """

    def __init__(self, store: Store, lane: Lane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._lane = store, lane
        self._handling: dict[Kind, _Handling] = {}
        self._viewers: dict[object, Wants] = {}
        self._sent: dict[Kind, Request[Any]] = {}
        """Last request of each kind; an equal one is not sent again."""
        self._cancelled: set[Kind] = set()
        self._held: dict[Kind, _Held] = {}
        self._busy = self._moving = False
        self._number = self._model_since = 0
        self._last: dict[Kind, int] = {}
        """Number of the last request of each kind."""
        self._valid_from: dict[Kind, int] = {}
        """Lowest number of a valid answer by kind of request."""
        self._next = QTimer(self, singleShot=True)
        self._next.timeout.connect(self._release)
        self._progress: dict[Kind, LaneProgress] = {}
        """Progress that is not stored yet."""
        self._collected = QTimer(self, singleShot=True, interval=PROGRESS_DELAY_MS)
        self._collected.timeout.connect(self._store_progress)
        store.follow = self._follow

    # Sending

    def ask(self, request: Request[Any]) -> None:
        """Send a request and mark it as awaited, unless it is about another model.

        If the model cannot answer it, show why instead.
        """
        state = self._store.state
        if why := why_not(request.needs, state.model):
            self._store.refuse(why)
            return
        if request.is_about_model() and not belongs_to_model(request, state):
            return
        ACTIONS.info("%s", type(request).__name__)
        self._send_or_hold(request)
        self._store.set(awaited=self._store.state.awaited | {type(request)})

    def submit(self, request: Request[Any]) -> None:
        """Send a request without marking it as awaited."""
        self._number = self._last[type(request)] = self._lane.submit(request)

    def show(self, viewer: object, wants: Wants) -> None:
        """Register a visible viewer: send its requests now and after each change."""
        self._viewers[viewer] = wants
        self.renew()

    def hide(self, viewer: object) -> None:
        """Unregister a viewer that was hidden."""
        self._viewers.pop(viewer, None)

    @Slot()
    def renew(self) -> None:
        """Send the requests of the viewers after one has changed its own settings."""
        self._store.set()

    def on(
        self,
        kind: Kind,
        handler: Handler,
        *,
        failed: FailureHandler | None = None,
        is_fact: bool = False,
    ) -> None:
        """Register a handler that receives the answers to a kind of request instead of the state.

        Parameters
        ----------
        kind : type of Request
            This class, and its subclasses without their own handler.
        handler : callable
            Called with the request and the response.
        failed : callable, optional
            Called with a request that failed, after the failure was shown.
        is_fact : bool
            Whether answering changes the explorer: the answer is then handled even if the request
            was cancelled, since the cancellation came too late.
        """
        self._handling[kind] = _Handling(handler, failed, is_fact)

    def _follow(self, state: State) -> dict[str, Any]:
        """Send the wanted requests that were not sent yet; return the change of `awaited`."""
        self._forget_outdated(self._store.state, state)
        awaited = set(state.awaited)
        wanted = [
            request
            for wants in self._viewers.values()
            for request in wants(state)
            if not why_not(request.needs, state.model)
        ]
        for kind in self._cancelled - {type(request) for request in wanted}:
            self._cancelled.discard(kind)
            self._sent.pop(kind, None)
        # The sort is stable: within a priority, requests of the first viewer come first.
        for request in sorted(wanted, key=lambda request: request.priority):
            if self._sent.get(type(request)) != request and belongs_to_model(request, state):
                self._send_or_hold(request)
                awaited.add(type(request))
        return {} if awaited == state.awaited else {"awaited": frozenset(awaited)}

    def _forget_outdated(self, old: State, new: State) -> None:
        """Allow requests to be sent again if the codes changed or their answer was removed."""
        for kind in list(self._sent):
            answers = kind.updates or kind
            is_lost = old.answer(answers) is not None and new.answer(answers) is None
            if is_lost or (kind.is_about_model() and new.codes is not old.codes):
                del self._sent[kind]

    def _send_or_hold(self, request: Request[Any]) -> None:
        now, kind = time.monotonic(), type(request)
        if not request.writes:
            self._sent[kind] = request
        if not self._holds(request):
            self._held.pop(kind, None)
            self.submit(request)
            return
        first = self._held[kind].first if kind in self._held else now
        due = min(now + DEBOUNCE_MS / 1000, first + MAX_HOLD_MS / 1000)
        self._held[kind] = _Held(request, first, due)
        self._release()

    def set_busy(self, busy: bool) -> None:
        """Set whether a run trains on the same cores."""
        self._busy = busy
        self._release()

    @Slot(bool)
    def set_moving(self, moving: bool) -> None:
        """Set whether the hand moves z."""
        self._moving = moving
        self._release()

    def _holds(self, request: Request[Any]) -> bool:
        is_under_way = self._last.get(type(request), 0) > self._valid_from.get(type(request), 0)
        return request.modest and (self._busy or (self._moving and is_under_way))

    @Slot()
    def _release(self) -> None:
        """Send the held requests that are due, and start the timer for the next."""
        now = time.monotonic()
        due = [
            kind
            for kind, held in self._held.items()
            if (self._busy and held.due <= now) or not self._holds(held.request)
        ]
        for kind in due:
            self.submit(self._held.pop(kind).request)
        if self._held and self._busy:
            first = min(held.due for held in self._held.values())
            self._next.start(max(1, round(1000 * (first - now))))

    # Cancelling

    def withdraw(self, kind: Kind) -> None:
        """Cancel pending requests of a kind; an equal one may be sent again."""
        self._store.set(**self.withdrawn(kind))

    def withdrawn(self, kind: Kind) -> dict[str, Any]:
        """Withdraw a kind and return the changes of the state, to be set with the replacement.

        If they were set separately, the old state would want the same request again.
        """
        self._stop(kind)
        self._sent.pop(kind, None)
        return self._without({kind})

    def cancel(self, kind: Kind) -> None:
        """Cancel requests of a kind on behalf of the user.

        An equal one is sent again only after no viewer wanted it, as when an overlay is switched
        off and on.
        """
        self._stop(kind)
        self._cancelled.add(kind)
        self._store.set(**self._without({kind}))

    def expire(self, *, is_new: bool) -> dict[str, Any]:
        """Cancel the requests that new codes, or a new model, invalidate.

        Returns
        -------
        dict
            Changes of the state. Set them together with the codes; otherwise the requests would be
            sent again for the old ones.
        """
        if is_new:
            # All requests so far, also those sent while the model opened, are about the old model.
            self._model_since = self._number
        state = self._store.state
        begun = {*state.working, *self._progress, *state.awaited}
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
        """Return the changes of `awaited` and `working` without some kinds."""
        return self._not_awaited(kinds) | self._not_working(kinds)

    def _not_awaited(self, kinds: set[Kind]) -> dict[str, Any]:
        awaited = self._store.state.awaited
        return {"awaited": awaited - kinds} if awaited & kinds else {}

    def _not_working(self, kinds: set[Kind]) -> dict[str, Any]:
        working = self._store.state.working
        others = {kind: progress for kind, progress in working.items() if kind not in kinds}
        return {"working": others} if len(others) < len(working) else {}

    def close(self) -> None:
        """Stop sending requests."""
        self._viewers.clear()
        self._held.clear()
        self._next.stop()
        self._collected.stop()

    # Answers

    def show_progress(self, progress: LaneProgress) -> None:
        """Store the progress of a request soon, unless it is answered or outdated by then."""
        self._progress[type(progress.request)] = progress
        if not self._collected.isActive():
            self._collected.start()

    @Slot()
    def _store_progress(self) -> None:
        collected, self._progress = self._progress, {}
        loading = {
            kind: progress.loading
            for kind, progress in collected.items()
            if not self._is_stale(progress)
        }
        if loading:
            self._store.set(working={**self._store.state.working, **loading})

    @Slot(object)
    def take(self, answer: Answer) -> None:
        """Store or handle an answer, unless it is outdated, and send what waited for it."""
        self._take(answer)
        self._release()

    def _take(self, answer: Answer) -> None:
        request, kind = answer.request, type(answer.request)
        if kind in self._progress and self._progress[kind].number <= answer.number:
            del self._progress[kind]
        if self._is_stale(answer) and not self._is_fact(answer):
            if kind.writes and self._is_of_another_model(answer):
                # It still has to end, and the user to know if it failed.
                failure = {"failure": answer.failure} if answer.failure else {}
                self._store.set(**self._done(answer), **failure)
            return
        self._valid_from[kind] = max(answer.number, self._valid_from.get(kind, 0))
        handling = self._handling_of(kind)
        if answer.failure:
            self._store.set(**self._done(answer), failure=answer.failure, opening="")
            if handling and handling.failed:
                handling.failed(request)
        elif handling:
            # Call the handler first: a state with the old answer would want the request again.
            handling.succeeded(request, answer.response)
            self._store.set(**self._done(answer))
        else:
            answers = {**self._store.state.answers, kind.updates or kind: answer.response}
            self._store.set(**self._done(answer), answers=answers)

    def _handling_of(self, kind: Kind) -> _Handling | None:
        return next((self._handling[base] for base in kind.__mro__ if base in self._handling), None)

    def _done(self, answer: Answer) -> dict[str, Any]:
        """Return the changes of `awaited` and `working` after an answer."""
        kind = type(answer.request)
        done = self._not_working({kind})
        is_last = answer.number >= self._last.get(kind, 0) and kind not in self._held
        # After a failure the previous answer is still outdated, if it is about this model.
        is_valid = answer.failure is None or not kind.is_about_model()
        if is_last and (is_valid or self._is_of_another_model(answer)):
            done |= self._not_awaited({kind})
        return done

    def _is_stale(self, answer: Answer | LaneProgress) -> bool:
        is_replaced = answer.number < self._valid_from.get(type(answer.request), 0)
        return is_replaced or self._is_of_another_model(answer)

    def _is_of_another_model(self, answer: Answer | LaneProgress) -> bool:
        return answer.request.is_about_model() and answer.number <= self._model_since

    def _is_fact(self, answer: Answer) -> bool:
        """Return whether the answer changed the explorer and so cannot be dropped."""
        handling = self._handling_of(type(answer.request))
        is_fact = handling is not None and handling.is_fact and answer.failure is None
        return is_fact and not self._is_of_another_model(answer)
