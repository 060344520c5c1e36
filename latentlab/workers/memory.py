"""Return of freed memory to the system."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress


def trim_memory() -> None:
    """Return freed memory to the system on Linux; takes about ten milliseconds.

    glibc keeps freed memory in one arena per thread, so that a program that loads one model after
    another would grow without limit.
    """
    if sys.platform == "linux":
        # Only glibc has this function.
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
