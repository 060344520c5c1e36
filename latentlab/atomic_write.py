"""Atomic writes of files."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from latentlab.errors import RunError

if TYPE_CHECKING:
    from pathlib import Path


def write_atomically(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a file atomically: readers see the old or the new content, never a part of it.

    Without `durable` the file is not flushed to disk: a power failure shortly afterwards may
    lose the new content.

    Raises
    ------
    RunError
        If the file cannot be written; the old file is kept.
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
            "Choose another folder, or free disk space.",
        ) from error


def is_missing(path: Path) -> bool:
    """Return whether a path does not exist; False if it cannot be accessed."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except (OSError, ValueError):  # ValueError: null character in the name
        return False
    return False
