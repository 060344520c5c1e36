"""Demand: which requests can wait, since nobody sees their answers yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from latentlab.session.requests.base import Request

CALM_MS = 200
"""Milliseconds without another request of its kind, after which a modest one is sent to a busy
lane."""


@dataclass(frozen=True, slots=True)
class _View:
    kinds: Collection[type[Request]]
    visible: bool


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
        self._held: dict[type[Request], Request] = {}
        self._busy = False
        self._calm = QTimer(self, singleShot=True, interval=CALM_MS)
        self._calm.timeout.connect(self._release)

    def ask(self, request: Request) -> None:
        """Send a request, now or later; it takes the place of one of its kind that waits."""
        self.forget(type(request))
        waits = self._busy and request.modest
        if waits:
            self._calm.start()
        if waits or not self._is_seen(type(request)):
            self._held[type(request)] = request
        else:
            self._send(request)

    @property
    def held(self) -> Collection[type[Request]]:
        """The kinds of the requests that wait."""
        return self._held.keys()

    def forget(self, kind: type[Request]) -> None:
        """Drop the request of a kind that waits."""
        self._held.pop(kind, None)

    def look(self, viewer: str, kinds: Collection[type[Request]], *, visible: bool) -> None:
        """Take note of whether a viewer shows the answers to some kinds of request."""
        self._views[viewer] = _View(frozenset(kinds), visible)
        if not self._calm.isActive():
            self._release()

    def set_busy(self, busy: bool) -> None:
        """Say whether a run trains on the same cores."""
        self._busy = busy
        if not busy:
            self._release()

    def _is_seen(self, kind: type[Request]) -> bool:
        """Say whether somebody sees answers of a kind; yes where nobody has said so."""
        views = [view.visible for view in self._views.values() if kind in view.kinds]
        return not views or any(views)

    @Slot()
    def _release(self) -> None:
        for kind in [kind for kind in self._held if self._is_seen(kind)]:
            self._send(self._held.pop(kind))
