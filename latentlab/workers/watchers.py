"""Who is told of a change of the state, and in what order while the hand moves z.

At rest all watchers of a change are told at once. While z is dragged, only the leading ones are:
they show the picture under the hand. The others wait until that picture is painted, and are then
told a few at a time, so that mouse events and answers come between. What changes while a watcher
waits is told in one call, with the latest state; when z settles, or the hand stays for a moment,
all are told.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast, override
from weakref import WeakMethod

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal, Slot
from shiboken6 import isValid

from latentlab.session.model import Decode

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import MethodType

    from latentlab.session.state import Changes, State

    Told = Callable[[State, Changes], None]

TURN = QEvent.Type(QEvent.registerEventType())
AFTER_PAINTING = Qt.EventPriority.LowEventPriority.value - 1
"""Priority of posted events that come after those of painting, which have a low one."""
STAY_MS = 200
"""Milliseconds without a move after which a hand that still holds z counts as resting."""
SLICE_S = 0.002
"""Time after which no further watcher is told before the event loop runs."""
PATIENCE_S = 0.1
"""Longest wait for the picture: with a slow decoder the next one is always pending."""


@dataclass(eq=False, slots=True)
class _Watcher:
    told: WeakMethod[Told]
    watches: Changes | None
    leads: bool
    waiting: Changes = frozenset()


class Watchers(QObject):
    """Tells the parts of the window about the changes that each watches. Used by the GUI thread."""

    moved = Signal(bool)
    """Whether the hand now moves z, when that changes."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._watchers: list[_Watcher] = []
        self._state: State | None = None
        self._moving = False
        self._since = 0.0
        """Time at which a watcher was told last, or the first of those that wait began to."""
        self._stay = QTimer(self, singleShot=True, interval=STAY_MS)
        self._stay.timeout.connect(self.rest)

    def add(self, told: Told, watches: Changes | None = None, *, leads: bool = False) -> None:
        """Register a method of an object; it is dropped with the object.

        Parameters
        ----------
        told : method
            Called with the state and the changes.
        watches : frozenset, optional
            Changes of which it is told; all by default.
        leads : bool
            Whether it is told at once even while the hand moves.
        """
        place = sum(watcher.leads for watcher in self._watchers) if leads else len(self._watchers)
        self._watchers.insert(place, _Watcher(WeakMethod(told), watches, leads))

    @Slot(object, object)
    def tell(self, state: State, changed: Changes) -> None:
        """Tell the watchers about a change; in a drag, most of them later."""
        self._state = state
        for watcher in list(self._watchers):
            watched = changed if watcher.watches is None else changed & watcher.watches
            if not watched:
                continue
            if self._moving and not watcher.leads:
                watcher.waiting |= watched
            else:
                self._call(watcher, watched)
        if self._moving:
            self._ask_for_turn()

    def move(self) -> None:
        """Note that the hand moves z."""
        self._stay.start()
        if not self._moving:
            self._moving, self._since = True, time.monotonic()
            self.moved.emit(True)

    @Slot()
    def rest(self) -> None:
        """Note that z has settled: tell all that wait."""
        if self._moving:
            self._moving = False
            self._stay.stop()
            self.moved.emit(False)
            for watcher in self._waiting():
                self._call(watcher)  # unless another one changed the state, and all were told

    def _ask_for_turn(self) -> None:
        # Posted anew: an event of before could come ahead of painting what was shown just now.
        QCoreApplication.removePostedEvents(self, TURN.value)
        QCoreApplication.postEvent(self, QEvent(TURN), AFTER_PAINTING)

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() != TURN:
            return super().event(event)
        self._take_turn()
        return True

    def _take_turn(self) -> None:
        """Tell some of those that wait, unless the picture is still to come."""
        now = time.monotonic()
        is_due = self._state is not None and Decode in self._state.awaited
        if is_due and now - self._since < PATIENCE_S:
            return
        waiting = self._waiting()
        while waiting and time.monotonic() - now < SLICE_S:
            self._call(waiting.pop(0))
        self._since = time.monotonic()
        if waiting:
            self._ask_for_turn()

    def _waiting(self) -> list[_Watcher]:
        return [watcher for watcher in self._watchers if watcher.waiting]

    def _call(self, watcher: _Watcher, changed: Changes = frozenset()) -> None:
        changed, watcher.waiting = changed | watcher.waiting, frozenset()
        if not changed:
            return
        told = watcher.told()
        if told is None or not isValid(cast("MethodType", told).__self__):
            self._watchers.remove(watcher)
            return
        assert self._state is not None
        try:
            told(self._state, changed)
        except Exception:  # as a slot would, so that the others are told
            sys.excepthook(*sys.exc_info())
