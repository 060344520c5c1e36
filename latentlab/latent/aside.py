"""Long computations of other libraries, followed piece by piece."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from latentlab.data.base import Loading

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

WAIT = 0.01


class Aside[T]:
    """One long computation on a thread of its own, which can be asked to stop.

    Parameters
    ----------
    compute : callable
        Called on that thread with this object: it may `tell` how far it is and should look at
        `stopped`.
    """

    def __init__(self, compute: Callable[[Aside[T]], T], message: str) -> None:
        self.stopped = threading.Event()
        self.told: tuple[str, float | None] = (message, None)
        self._result: T | None = None
        self._error: Exception | None = None
        self._compute = compute
        self._thread = threading.Thread(target=self._run, name="projection", daemon=True)

    def tell(self, message: str, fraction: float | None) -> None:
        """Say how far it is; runs on the computation's thread."""
        self.told = (message, fraction)

    def _run(self) -> None:
        try:
            self._result = self._compute(self)
        except Exception as error:  # raised again where the result is waited for
            self._error = error

    def follow(self) -> Generator[Loading, None, T]:
        """Yield how far it is until it is done; closing it stops the computation."""
        self._thread.start()
        try:
            while self._thread.is_alive():
                self._thread.join(WAIT)
                yield Loading(*self.told)
        finally:
            self.stopped.set()
        if self._error is not None:
            raise self._error
        assert self._result is not None
        return self._result
