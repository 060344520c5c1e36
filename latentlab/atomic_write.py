"""Files that are whole or not there."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from latentlab.errors import RunError

if TYPE_CHECKING:
    from pathlib import Path


def write_atomically(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a file so that a reader finds the old or the new one, never half of one.

    Where it need not be `durable`, nobody waits for the disk: what is written just before the
    power fails may be lost.

    Raises
    ------
    RunError
        Where it cannot be written; the old file is then untouched.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise RunError(
            f"{path} cannot be written: {error.strerror}.",
            "Choose another folder, or make room on the disk.",
        ) from error


def is_missing(path: Path) -> bool:
    """Say whether there is nothing at a path; what cannot be looked at is not missing."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except (OSError, ValueError):  # a null character in the name is a ValueError
        return False
    return False
