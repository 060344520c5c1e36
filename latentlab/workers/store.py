"""The store: the one place where the state changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from latentlab.session.failure import Failure
from latentlab.session.follow import follow
from latentlab.session.state import State
from latentlab.workers.demand import Demand

if TYPE_CHECKING:
    from collections.abc import Collection

    from latentlab.session.requests.base import Request
    from latentlab.workers.lane import Lane


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
        self._demand = Demand(self._submit, self)

    def ask(self, request: Request) -> None:
        """Hand a request to the lane, once somebody can see its answer."""
        self._demand.ask(request)

    def look(self, viewer: str, kinds: Collection[type[Request]], *, visible: bool) -> None:
        """Take note of whether a viewer shows the answers to some kinds of request."""
        self._demand.look(viewer, kinds, visible=visible)

    def _submit(self, request: Request) -> None:
        self._asked = self._lane.submit(request)

    def withdraw(self, kind: type[Request]) -> None:
        """Ask no more what still waits of a kind, and take no answer that is on its way."""
        self._demand.forget(kind)
        self._lane.withdraw(kind)
        self._shown[kind] = self._asked + 1

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

    def _end_work(self, kind: type[Request]) -> None:
        if kind in self.state.working:
            left = {key: value for key, value in self.state.working.items() if key is not kind}
            self._set(working=left)

    def _set(self, **changes: Any) -> None:
        old, new = self.state, replace(self.state, **changes)
        fields = frozenset(name for name in changes if getattr(new, name) is not getattr(old, name))
        if not fields:
            return
        self.state = new
        for request in follow(old, new):
            self.ask(request)
        self.changed.emit(new, fields)
