"""Standard output and standard error, whatever they can show and whoever has stopped reading."""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO


def print_stand_ins() -> None:
    """Have signs that a stream cannot show replaced, as on consoles that are not UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        # A window without a console has no streams, and a test may have put others there.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="replace")


def say(line: str) -> None:
    """Print a line to standard output; where nobody can read it, work goes on all the same."""
    if sys.stdout is not None:
        print(line, file=Unfailing(sys.stdout), flush=True)


class Unfailing:
    """A stream that falls silent where it can no longer be written, as when its pipe is closed.

    Parameters
    ----------
    stream : text stream
        Where it writes to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text; return its length."""
        try:
            return self._stream.write(text)
        except OSError:
            fall_silent(self._stream)
            return len(text)

    def flush(self) -> None:
        """Write what is still held back."""
        try:
            self._stream.flush()
        except OSError:
            fall_silent(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def fall_silent(stream: TextIO) -> None:
    """Write nowhere from now on: what is held back would fail once more as the program ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
