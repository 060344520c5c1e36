"""Lock of a run folder while a process trains in it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from latentlab.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

LOCK = "training.lock"
"""File in the run folder; the system releases its lock if the process is killed."""


@contextmanager
def training_in(folder: Path) -> Generator[None]:
    """Lock an existing run folder inside the block.

    Raises
    ------
    RunError
        If another process trains in it.
    """
    lock = FileLock(folder / LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise RunError(
            f"{folder} is in training in another window or process.",
            "Wait for its end, or choose another folder.",
        ) from None
    except (OSError, NotImplementedError):
        # Not every disk has locks, and writing tells better what is wrong with it.
        yield
        return
    try:
        yield
    finally:
        try:
            # Windows deletes no open file; the next training uses it again.
            with suppress(OSError):
                (folder / LOCK).unlink(missing_ok=True)
        finally:
            lock.release()


def is_in_training(folder: Path) -> bool:
    """Return whether a process trains in a run folder."""
    if not (folder / LOCK).exists():
        return False
    try:
        with training_in(folder):
            return False
    except RunError:
        return True
