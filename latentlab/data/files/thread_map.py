"""Work in threads, told of as it goes and ended at once: what long loading is made of."""

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
"""Pictures that a thread decodes between two reports."""
WORKERS = min(os.cpu_count() or 1, 8)


def in_parallel[I, T](
    work: Callable[[I], T], items: Iterable[I], chunk: int = CHUNK
) -> Generator[list[tuple[I, T | DataError]]]:
    """Do something with each item in threads; Pillow lets go of Python's lock while it decodes.

    Parameters
    ----------
    work : callable
        Takes an item; what it raises becomes a `DataError`.
    items : iterable
        Gone through in order, as far as is asked for.
    chunk : int
        How many a thread does between two reports.

    Yields
    ------
    list of (item, object)
        What has become of the next few, in order, a `DataError` included; empty after a moment
        in which none was done, so that one who gives up never waits. Closing stops the threads.
    """
    stop = Event()

    def do(some: tuple[I, ...]) -> list[tuple[I, T | DataError]]:
        return [(item, _outcome(work, item)) for item in some if not stop.is_set()]

    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="decode")
    try:
        tasks = (pool.submit(do, some) for some in batched(items, chunk))
        waiting = deque(islice(tasks, 2 * WORKERS + 2))
        while waiting:
            if wait([waiting[0]], TICK).not_done:
                yield []
                continue
            done = waiting.popleft().result()
            waiting.extend(islice(tasks, 1))
            yield done
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _outcome[I, T](work: Callable[[I], T], item: I) -> T | DataError:
    try:
        return work(item)
    except DataError as error:
        return error
    except Exception as error:  # an archive's reader raises as many kinds as Pillow's
        return DataError(reason_of(error))
