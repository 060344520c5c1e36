"""Programs that read a file of another program in a process of their own."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import ModuleType

POLL_S = 0.02


def run_limited(
    child: ModuleType, source: str, out: str, memory: int, seconds: int
) -> Generator[None]:
    """Run a program and yield until it ends or its time is over.

    Parameters
    ----------
    child : module
        The program: it imports nothing of latentlab, has ``main(source, out, memory, seconds)``,
        and calls that with its arguments when it is run.
    source, out : str
        File to read, and file to write.
    memory, seconds : int
        Limits that the program sets for itself: bytes, and processor time.
    """
    process = _start(child, source, out, memory, seconds)
    end = time.monotonic() + 2 * seconds
    try:
        while process.poll() is None and time.monotonic() < end:
            yield
            time.sleep(POLL_S)
    finally:
        process.kill()
        process.wait()


def _start(child: ModuleType, source: str, out: str, memory: int, seconds: int) -> Any:
    if getattr(sys, "frozen", False):
        return _Bundled(child.main, source, out, memory, seconds)
    # Not multiprocessing, which would import the script of the user again.
    # -P: the folder of the program is no place for imports.
    command = [sys.executable, "-P", str(child.__file__), source, out, str(memory), str(seconds)]
    silent = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=silent, stdout=silent, stderr=silent)


class _Bundled:
    """The child in a bundled program, whose executable is no interpreter; as `subprocess.Popen`."""

    def __init__(self, main: Any, *arguments: Any) -> None:
        self._process = multiprocessing.get_context("spawn").Process(
            target=main, args=arguments, daemon=True
        )
        self._process.start()

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        return self._process.exitcode

    def kill(self) -> None:
        """End it."""
        self._process.kill()

    def wait(self) -> None:
        """Wait until it has ended."""
        self._process.join()
