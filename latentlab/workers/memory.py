"""Memory that was freed but is still held."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress


def give_back_memory() -> None:
    """Return memory that was freed to the system; takes some ten milliseconds.

    The C library of Linux keeps it for later, one store per thread, and so a program that loads
    one model after another would only ever grow. Elsewhere this does nothing.
    """
    if sys.platform == "linux":
        # Other C libraries than glibc have no such function.
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
