"""What can be changed while a run goes on."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STEERABLE = ("objective.", "training.learning_rate", "training.epochs", "training.patience")
"""How the keys begin that may change under way: all else would make another model of it."""


class Controls:
    """Wishes for a run under way; another thread may make them.

    Parameters
    ----------
    snapshot_every : float, optional
        Seconds between snapshots for whoever looks on; None for none at all.
    one_at_a_time : bool
        Whether the next snapshot waits until the last one was `seen`; none is made at the end of
        an epoch before it is due.
    spare_core : bool
        Whether somebody explores on the same cores meanwhile; see `device.spare_core`.
    """

    def __init__(
        self,
        snapshot_every: float | None = None,
        *,
        one_at_a_time: bool = False,
        spare_core: bool = False,
    ) -> None:
        self.snapshot_every = snapshot_every
        self.one_at_a_time = one_at_a_time
        self.spare_core = spare_core
        self._unseen = False
        self._wishes: deque[tuple[str, float]] = deque()

    @property
    def wants_snapshot(self) -> bool:
        """Whether somebody looks on, and has seen the last snapshot where that matters."""
        return self.snapshot_every is not None and not self._unseen

    def taken(self) -> None:
        """Take note that a snapshot was made."""
        self._unseen = self.one_at_a_time

    def seen(self) -> None:
        """Say that the last snapshot has been dealt with."""
        self._unseen = False

    def steer(self, key: str, value: float) -> None:
        """Ask for a value of the recipe to change before the next step."""
        self._wishes.append((key, value))

    def wishes(self) -> Iterator[tuple[str, float]]:
        """Yield what was asked for, and forget it."""
        while self._wishes:
            yield self._wishes.popleft()
