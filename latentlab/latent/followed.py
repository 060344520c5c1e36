"""Long computations of other libraries, which tell how far they are and can be asked to stop."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from latentlab.data.base import Loading
from latentlab.pieces import aside

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


class Followed[T]:
    """One long computation in a thread of its own.

    Parameters
    ----------
    compute : callable
        Called in that thread with this object: it may `tell` how far it is and should look at
        `stopped`.
    """

    def __init__(self, compute: Callable[[Followed[T]], T], message: str) -> None:
        self.stopped = threading.Event()
        self._told = Loading(message)
        self._compute = compute

    def tell(self, message: str, fraction: float | None) -> None:
        """Say how far it is; runs in the computation's thread."""
        self._told = Loading(message, fraction)

    def follow(self) -> Generator[Loading, None, T]:
        """Yield how far it is until it is done; closing it stops the computation."""
        pieces = aside(lambda: self._compute(self))
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
