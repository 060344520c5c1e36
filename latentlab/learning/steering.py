"""Changes to a run, and requests for snapshots, during training."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latentlab.learning.events import Precision
    from latentlab.learning.fast.stack import Stack

STEERABLE_PREFIXES = (
    "objective.",
    "training.learning_rate",
    "training.epochs",
    "training.patience",
)
"""Prefixes of the keys that can change during a run; other keys define another model."""


class Controls:
    """Requests to a run; may be made in another thread.

    Parameters
    ----------
    snapshot_every : float, optional
        Seconds between snapshots; None for no snapshots.
    one_at_a_time : bool
        Whether the next snapshot waits until the last one was `seen`; then none is taken early
        at the end of an epoch.
    spare_core : bool
        Whether the explorer uses the same cores meanwhile; see `device.spare_core`.
    precision : str, optional
        Precision of the run if its recipe leaves it open, such as that of the runs of its sweep; by
        default the faster one, by a measurement.
    stack : Stack, optional
        Makes its steps, together with those of other runs; see `train_stacked`.
    """

    def __init__(
        self,
        snapshot_every: float | None = None,
        *,
        one_at_a_time: bool = False,
        spare_core: bool = False,
        precision: Precision | None = None,
        stack: Stack | None = None,
    ) -> None:
        self.snapshot_every = snapshot_every
        self.one_at_a_time = one_at_a_time
        self.spare_core = spare_core
        self.precision = precision
        self.stack = stack
        self._unseen = False
        self._requests: deque[tuple[str, float]] = deque()

    @property
    def wants_snapshot(self) -> bool:
        """Whether snapshots are enabled and, if `one_at_a_time`, the last one was seen."""
        return self.snapshot_every is not None and not self._unseen

    def taken(self) -> None:
        """Record that a snapshot was taken."""
        self._unseen = self.one_at_a_time

    def seen(self) -> None:
        """Record that the last snapshot was processed."""
        self._unseen = False

    def steer(self, key: str, value: float) -> None:
        """Request a change of a recipe value before the next step."""
        self._requests.append((key, value))

    def wishes(self) -> Iterator[tuple[str, float]]:
        """Yield the requested changes and remove them."""
        while self._requests:
            yield self._requests.popleft()
