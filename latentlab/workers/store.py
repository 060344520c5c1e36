"""The store: where the state changes, and where what belongs to another model is dropped."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from latentlab.session.belonging import belongs
from latentlab.session.derived_requests import follow
from latentlab.session.failure import Failure
from latentlab.session.runs import Message
from latentlab.session.state import OF_CODES, OF_MODEL, State, emptied
from latentlab.workers.demand import Demand

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from latentlab.session.request import Request
    from latentlab.workers.lane import Answer, Lane

GUARDED = emptied(OF_MODEL).keys() | emptied(OF_CODES).keys()
"""Parts of the state that belong to the open model."""


class Store(QObject):
    """Holds the state and asks the lane for whatever a change leaves unanswered.

    Parameters
    ----------
    lane : Lane
        Answers requests.
    """

    changed = Signal(object, object)
    """The new ``State`` and the names of the fields that changed, as a frozenset."""

    def __init__(self, lane: Lane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = State()
        self._lane = lane
        self._asked = 0
        self._shown: dict[type, int] = {}
        self._last: dict[type, int] = {}
        self._demand = Demand(self._submit, self)
        self._untold: deque[tuple[State, frozenset[str]]] = deque()
        self._telling = False

    def ask(self, request: Request) -> None:
        """Hand a request to the lane, once somebody can see its answer.

        None where it is about another model than the open one.
        """
        if request.about_model and not belongs(request, self.state):
            return
        self._demand.ask(request)
        self._set(awaited=self.state.awaited | {type(request)})

    def look(self, viewer: str, kinds: Collection[type[Request]], *, visible: bool) -> None:
        """Take note of whether a viewer shows the answers to some kinds of request."""
        self._demand.look(viewer, kinds, visible=visible)

    def _submit(self, request: Request) -> None:
        self._asked = self._last[type(request)] = self._lane.submit(request)

    def withdraw(self, kind: type[Request]) -> None:
        """Ask no more what still waits of a kind, and take no answer that is on its way."""
        self._demand.forget(kind)
        self._lane.withdraw(kind)
        self._shown[kind] = self._asked + 1
        self._set(awaited=self.state.awaited - {kind})

    def cancel(self, kind: type[Request]) -> None:
        """Give up work under way; what was known before stays."""
        self.withdraw(kind)
        self._end_work(kind)

    def refuse(self, title: str, advice: str = "") -> None:
        """Tell the user why something cannot be done."""
        self._set(failure=Failure(title, advice))

    def dismiss_failure(self) -> None:
        """Take an error message away."""
        self._set(failure=None)

    def say(self, text: str, undo: Callable[[], None] | None = None) -> None:
        """Tell the user what was done, and offer to take it back."""
        self._set(message=Message(text, undo))
        self._set(message=None)

    def _end_waiting(self, answer: Answer) -> None:
        """Note that a request was answered; after a failure, what was shown before does not fit."""
        kind = type(answer.request)
        self._shown[kind] = answer.number
        is_last = answer.number >= self._last.get(kind, 0) and kind not in self._demand.held
        if is_last and (answer.failure is None or not kind.about_model):
            self._set(awaited=self.state.awaited - {kind})

    def _end_work(self, kind: type[Request]) -> None:
        if kind in self.state.working:
            left = {key: value for key, value in self.state.working.items() if key is not kind}
            self._set(working=left)

    def _set(self, **changes: Any) -> None:
        """Change the state, unless a part of it would belong to another model than the open one."""
        old, new = self.state, replace(self.state, **changes)
        if not all(belongs(value, new) for name, value in changes.items() if name in GUARDED):
            return
        asked = follow(old, new)
        awaited = new.awaited | {type(request) for request in asked}
        new = replace(new, awaited=old.awaited if awaited == old.awaited else awaited)
        names = (*changes, "awaited", "is_training")
        different = frozenset(
            name for name in names if getattr(new, name) is not getattr(old, name)
        )
        if not different:
            return
        self.state = new
        for request in asked:
            self._demand.ask(request)
        self._untold.append((new, different))
        self._tell()

    def _tell(self) -> None:
        """Tell of changes one after another; who hears of one may make the next.

        Told within the first, the second would reach others before it, and they would show the
        first one's state in the end.
        """
        if self._telling:
            return
        self._telling = True
        try:
            while self._untold:
                self.changed.emit(*self._untold.popleft())
        finally:
            self._telling = False
