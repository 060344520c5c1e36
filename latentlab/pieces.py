"""Work that is done piece by piece, so that nobody has to wait for all of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

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


def aside[T](work: Callable[[], T]) -> Pieces[T]:
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
