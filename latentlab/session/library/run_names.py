"""Names of run folders: ``20260131-235959-vae-digits``."""

from __future__ import annotations

import time

MAX_NAME_LENGTH = 80


def default_name(folder: str) -> str:
    """Return a readable name of a run, from its folder's name."""
    moment, kinds = split_name(folder)
    return f"{kinds} · {time.strftime('%d %b %H:%M', moment)}" if moment else folder


def start_of(folder: str) -> float | None:
    """Return the start of a run in seconds since 1970, None if its folder's name has none."""
    moment, _ = split_name(folder)
    return None if moment is None else time.mktime(moment)


def split_name(folder: str) -> tuple[time.struct_time | None, str]:
    """Return the start of a run, if any, and the kinds of model and data set."""
    stamp, _, rest = folder.partition("-")
    clock, _, kinds = rest.partition("-")
    try:
        return time.strptime(f"{stamp}{clock}", "%Y%m%d%H%M%S"), kinds
    except ValueError:
        return None, ""
