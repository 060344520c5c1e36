"""Signals that ask the program to end: Ctrl-C, the end of a session, and a closed terminal."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
"""Windows has no SIGHUP."""

_last = 0
"""Number of the last signal, which ends the program; 0 if there was none."""


def exit_status() -> int:
    """Return the exit status after the last signal: 128 + its number; that of Ctrl-C by default."""
    return 128 + (_last or signal.SIGINT)


class StopFlag:
    """Notes the first signal; a second one raises `KeyboardInterrupt`.

    An exception at the first one would be raised anywhere, also between two writes, or within
    code of torch that turns it into another error.
    """

    def __init__(self) -> None:
        self.number = 0
        """Number of the signal; 0 if there was none."""

    def __bool__(self) -> bool:
        return self.number != 0

    def receive(self, number: int, _frame: object) -> None:
        """Handle a signal."""
        global _last
        if self.number:
            raise KeyboardInterrupt
        self.number = _last = number


def handle_stop_signals(handler: Callable[[int, Any], object]) -> dict[int, Any]:
    """Set a handler and return those before; signals that are ignored, as by nohup, stay so."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    numbers = (int(getattr(signal, name)) for name in NAMES if hasattr(signal, name))
    before = {number: signal.getsignal(number) for number in numbers}
    before = {number: old for number, old in before.items() if old is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, handler)
    return before


@contextmanager
def noted_signals() -> Generator[StopFlag]:
    """Note signals inside the block, instead of what they did before."""
    flag = StopFlag()
    before = handle_stop_signals(flag.receive)
    try:
        yield flag
    finally:
        for number, old in before.items():
            signal.signal(number, old if old is not None else signal.SIG_DFL)
