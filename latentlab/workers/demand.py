"""Demand: which requests can wait, since nobody sees their answers yet."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from latentlab.session.request import Request

CALM_MS = 200
"""Milliseconds without another request of its kind, after which a modest one is sent to a busy
lane."""
PATIENCE_MS = 1000
"""Milliseconds after which it is sent even though there are others all the time."""


@dataclass(frozen=True, slots=True)
class _View:
    kinds: Collection[type[Request]]
    visible: bool


@dataclass(frozen=True, slots=True)
class _Held:
    request: Request
    first: float
    """When the first of its kind began to wait."""
    due: float
    """When it need not wait any longer for z to stand still."""


class Demand(QObject):
    """Holds requests back; the newest of a kind is sent once it is worth its time.

    A request waits until somebody sees its answer, where all who show it are hidden. While a run
    trains on the same cores, a modest one also waits until z stands still: otherwise a drag would
    begin work at every move and finish none.

    Parameters
    ----------
    send : callable
        Takes the requests that need not wait any longer.
    """

    def __init__(self, send: Callable[[Request], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._send = send
        self._views: dict[str, _View] = {}
        self._held: dict[type[Request], _Held] = {}
        self._busy = False
        self._next = QTimer(self, singleShot=True)
        self._next.timeout.connect(self._release)

    def ask(self, request: Request) -> None:
        """Send a request, now or later; it takes the place of one of its kind that waits."""
        now, kind = time.monotonic(), type(request)
        first = self._held[kind].first if kind in self._held else now
        waits = self._busy and request.modest
        due = min(now + CALM_MS / 1000, first + PATIENCE_MS / 1000) if waits else now
        self._held[kind] = _Held(request, first, due)
        self._release()

    @property
    def held(self) -> Collection[type[Request]]:
        """The kinds of the requests that wait."""
        return self._held.keys()

    def forget(self, kind: type[Request]) -> None:
        """Drop the request of a kind that waits."""
        self._held.pop(kind, None)

    def close(self) -> None:
        """Send nothing more."""
        self._held.clear()
        self._next.stop()

    def look(self, viewer: str, kinds: Collection[type[Request]], *, visible: bool) -> None:
        """Take note of whether a viewer shows the answers to some kinds of request."""
        self._views[viewer] = _View(frozenset(kinds), visible)
        self._release()

    def set_busy(self, busy: bool) -> None:
        """Say whether a run trains on the same cores."""
        self._busy = busy
        self._release()

    def _is_seen(self, kind: type[Request]) -> bool:
        """Say whether somebody sees answers of a kind; yes where nobody has said so."""
        views = [view.visible for view in self._views.values() if kind in view.kinds]
        return not views or any(views)

    @Slot()
    def _release(self) -> None:
        """Send what is seen and due, and come back when the next is."""
        now = time.monotonic()
        seen = [kind for kind in self._held if self._is_seen(kind)]
        for kind in seen:
            held = self._held.get(kind)
            if held and (held.due <= now or not self._busy):
                self._send(self._held.pop(kind).request)
        if left := [self._held[kind].due for kind in seen if kind in self._held]:
            self._next.start(max(1, round(1000 * (min(left) - now))))
