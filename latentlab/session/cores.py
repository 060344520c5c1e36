"""Division of the cores among runs that train at once."""

from __future__ import annotations

import psutil

MEMORY_PER_RUN = 1 << 30
"""Bytes that a training process is given: torch takes half, images and a small model the rest."""


def core_count() -> int:
    """Return the number of cores for runs: one less than there are, so that the window is quick.

    Two threads of one core count once, as in torch.
    """
    return max(1, (psutil.cpu_count(logical=False) or 1) - 1)


def runs_at_once(runs: int, cores: int) -> int:
    """Return how many of some runs train at once, for which there must be cores and memory."""
    room = psutil.virtual_memory().available // MEMORY_PER_RUN
    return max(1, min(runs, cores, room))
