"""Standard output and standard error: unsupported characters and closed pipes."""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO


def print_stand_ins() -> None:
    """Replace characters that a stream cannot encode, such as on consoles without UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        # Without a console the streams are None; tests replace them with other objects.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="replace")


def say(line: str) -> None:
    """Print a line to standard output; do nothing if it is missing or closed."""
    if sys.stdout is not None:
        print(line, file=Unfailing(sys.stdout), flush=True)


class Unfailing:
    """Text stream that discards output after a write error, such as a closed pipe."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text and return its length."""
        try:
            return self._stream.write(text)
        except OSError:
            fall_silent(self._stream)
            return len(text)

    def flush(self) -> None:
        """Flush the stream."""
        try:
            self._stream.flush()
        except OSError:
            fall_silent(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def fall_silent(stream: TextIO) -> None:
    """Redirect a stream to the null device, so that flushing its buffer at exit does not fail."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)
