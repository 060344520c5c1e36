"""Work that is done piece by piece, so that nobody has to wait for all of it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

PIECE = 0.006
"""Seconds after which long work makes way for what else waits."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far long work is, such as a data set on its way into memory.

    Parameters
    ----------
    message : str
        What is being done, for a person to read.
    fraction : float or None
        From 0 to 1; None where it cannot be known.
    """

    message: str
    fraction: float | None = None


type Pieces[T] = Generator[None, None, T]
"""Work that pauses every few milliseconds; what it returns is the result."""

TICK = 0.01
"""Seconds between two looks at whether work in a thread is done."""


def finish[T](pieces: Generator[Any, None, T]) -> T:
    """Do all the pieces of a work without looking at its progress, and return its result."""
    while True:
        try:
            next(pieces)
        except StopIteration as done:
            result: T = done.value
            return result


def in_thread[T](work: Callable[[], T]) -> Pieces[T]:
    """Do in a thread what cannot be parted, pausing while it goes on; raises what it raises.

    Closing waits for nothing: the work ends some time later, and what it returns is lost.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="aside")
    try:
        # What numpy is to warn of belongs to the context, which threads do not share.
        task = pool.submit(copy_context().run, work)
        yield
        while wait([task], TICK).not_done:
            yield
        return task.result()
    finally:
        pool.shutdown(wait=False)


class BackgroundComputation[T]:
    """One long computation in a thread of its own.

    Parameters
    ----------
    compute : callable
        Called in that thread with this object: it may `tell` how far it is and should look at
        `stopped`.
    """

    def __init__(self, compute: Callable[[BackgroundComputation[T]], T], message: str) -> None:
        self.stopped = threading.Event()
        self._told = Progress(message)
        self._compute = compute

    def tell(self, message: str, fraction: float | None) -> None:
        """Say how far it is; runs in the computation's thread."""
        self._told = Progress(message, fraction)

    def follow(self) -> Generator[Progress, None, T]:
        """Yield how far it is until it is done; closing it stops the computation."""
        pieces = in_thread(lambda: self._compute(self))
        try:
            while True:
                next(pieces)
                yield self._told
        except StopIteration as done:
            result: T = done.value
            return result
        finally:
            self.stopped.set()
            pieces.close()


def with_progress[T](
    pieces: Generator[float | None, None, T], message: str | Callable[[float | None], str]
) -> Generator[Progress, None, T]:
    """Do work that yields the share done, or None, and tell of it every few milliseconds.

    Parameters
    ----------
    pieces : generator of float or None
        The work; what it returns is returned.
    message : str or callable
        What is being done; may depend on the share.
    """
    until = 0.0  # the first piece is told of at once
    while True:
        try:
            share = next(pieces)
            while time.perf_counter() < until:
                share = next(pieces)
        except StopIteration as done:
            result: T = done.value
            return result
        until = time.perf_counter() + PIECE
        yield Progress(message if isinstance(message, str) else message(share), share)
