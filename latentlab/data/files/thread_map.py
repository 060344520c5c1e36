"""Ordered parallel map in threads, with progress and cancellation."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import batched, islice
from threading import Event
from typing import TYPE_CHECKING

from latentlab.errors import DataError, reason_of
from latentlab.work import TICK

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

CHUNK = 16
"""Default number of items per task of a thread."""
WORKERS = min(os.cpu_count() or 1, 8)


def in_parallel[I, T](
    work: Callable[[I], T], items: Iterable[I], chunk: int = CHUNK
) -> Generator[list[tuple[I, T | DataError]]]:
    """Apply a function to items in threads; Pillow releases the GIL while it decodes.

    Parameters
    ----------
    work : callable
        Function of an item; its exceptions become a `DataError`.
    items : iterable
        Consumed lazily, in order.
    chunk : int
        Number of items per task.

    Yields
    ------
    list of (item, object)
        The next items with their results or `DataError`, in order; an empty list after `TICK`
        seconds without a result, so that the caller can stop. Closing stops the threads.
    """
    stop = Event()

    def do(some: tuple[I, ...]) -> list[tuple[I, T | DataError]]:
        return [(item, _outcome(work, item)) for item in some if not stop.is_set()]

    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="decode")
    try:
        tasks = (pool.submit(do, some) for some in batched(items, chunk))
        pending = deque(islice(tasks, 2 * WORKERS + 2))
        while pending:
            if wait([pending[0]], TICK).not_done:
                yield []
                continue
            done = pending.popleft().result()
            pending.extend(islice(tasks, 1))
            yield done
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _outcome[I, T](work: Callable[[I], T], item: I) -> T | DataError:
    try:
        return work(item)
    except DataError as error:
        return error
    except Exception as error:  # zipfile and Pillow raise many types for damaged files
        return DataError(reason_of(error))
