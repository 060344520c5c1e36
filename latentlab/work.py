"""Long work as generators that yield every few milliseconds."""

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
"""Seconds between two progress reports of `with_progress`."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress report of long work, such as loading a data set.

    Parameters
    ----------
    message : str
        Current activity, shown to the user.
    fraction : float or None
        Fraction done, in [0, 1]; None if unknown.
    """

    message: str
    fraction: float | None = None


type Pieces[T] = Generator[None, None, T]
"""Work that yields every few milliseconds and returns its result."""

TICK = 0.01
"""Seconds between two checks whether work in a thread is done."""


def finish[T](pieces: Generator[Any, None, T]) -> T:
    """Run a generator to its end, discard what it yields, and return its result."""
    while True:
        try:
            next(pieces)
        except StopIteration as done:
            result: T = done.value
            return result


def mapped[A, B, T](
    pieces: Generator[A, None, T], change: Callable[[A], B]
) -> Generator[B, None, T]:
    """Run a generator, yield what `change` makes of each piece, and return its result."""
    try:
        while True:
            yield change(next(pieces))
    except StopIteration as done:
        result: T = done.value
        return result
    finally:
        pieces.close()


def part_of[T](
    pieces: Generator[Progress, None, T], title: str, part: int, parts: int
) -> Generator[Progress, None, T]:
    """Run one of several parts, and report its title and the fraction of all parts."""

    def change(step: Progress) -> Progress:
        share = (part + (step.fraction or 0.0)) / parts
        return Progress(f"{title} · {step.message}", share)

    return mapped(pieces, change)


def in_thread[T](work: Callable[[], T]) -> Pieces[T]:
    """Run `work` in a thread, yield until it is done, and return its result or raise its error.

    Closing the generator does not wait: the thread runs on, and its result is discarded.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="aside")
    try:
        # numpy keeps its error state in the context, which a new thread does not inherit.
        task = pool.submit(copy_context().run, work)
        yield
        while wait([task], TICK).not_done:
            yield
        return task.result()
    finally:
        pool.shutdown(wait=False)


class BackgroundComputation[T]:
    """Long computation in its own thread.

    Parameters
    ----------
    compute : callable
        Called in that thread with this object; may call `tell` and should poll `stopped`.
    message : str
        Message of the first progress report.
    """

    def __init__(self, compute: Callable[[BackgroundComputation[T]], T], message: str) -> None:
        self.stopped = threading.Event()
        self._told = Progress(message)
        self._compute = compute

    def tell(self, message: str, fraction: float | None) -> None:
        """Report progress; called in the computation's thread."""
        self._told = Progress(message, fraction)

    def follow(self) -> Generator[Progress, None, T]:
        """Yield the latest progress until the result is there; closing stops the computation."""
        pieces = in_thread(lambda: self._compute(self))
        try:
            return (yield from mapped(pieces, lambda _: self._told))
        finally:
            self.stopped.set()


def with_progress[T](
    pieces: Generator[float | None, None, T], message: str | Callable[[float | None], str]
) -> Generator[Progress, None, T]:
    """Run work that yields the fraction done, or None, and yield `Progress` every `PIECE` seconds.

    Parameters
    ----------
    pieces : generator of float or None
        The work; its result is returned.
    message : str or callable
        Current activity, or a function of the fraction that returns it.
    """
    until = 0.0  # report the first piece at once
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
