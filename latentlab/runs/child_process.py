"""Programs and function calls in a separate process, with limits of memory and time.

The process does not share the GIL with the window, and a crash of a library ends only the process.
The result of a call is JSON, so that a file that takes over the process cannot send anything else.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentlab.errors import LatentlabError, RunError, is_out_of_memory, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from types import ModuleType

POLL_S = 0.02
MAX_DETAILS = 10_000
"""Maximum length of a traceback, in characters."""
PROGRAM = "from latentlab.runs.child_process import main; main()"
MAX_ANSWER_BYTES = 1 << 20


def in_process(
    work: Callable[..., Any],
    *args: object,
    problem: str,
    files: Mapping[str, bytes] | None = None,
    memory: int = 0,
    seconds: int = 0,
) -> Generator[None, None, Any]:
    """Call a function of a module in a process; yields while it works. Closing kills the process.

    Parameters
    ----------
    work : callable
        Function of a module. Its arguments and its result are values of JSON.
    problem : str
        Message if the process ends without a result.
    files : mapping of str to bytes, optional
        First argument of the function, in front of the others.
    memory : int
        Bytes that the process may allocate more than at its start; 0 for no limit. Linux only.
    seconds : int
        Time limit; 0 for none.

    Raises
    ------
    RunError
        If the function raises a `LatentlabError`, or the process is ended by a limit or crashes.
    RemoteFailure
        If the function raises another error.
    """
    with tempfile.TemporaryDirectory(prefix="latentlab-") as folder:
        told, answer = Path(folder) / "call", Path(folder) / "answer"
        for i, content in enumerate((files or {}).values()):
            told.with_suffix(f".{i}").write_bytes(content)
        names = None if files is None else list(files)
        call = (work.__module__, work.__qualname__, args, names, memory, seconds)
        told.write_text(json.dumps(call), "utf-8")
        paths = (str(told), str(answer))
        process = _start(["-c", PROGRAM, *paths], _serve, paths)
        if not (yield from _wait(process, seconds)):
            raise RunError(f"{problem}: it takes longer than {seconds} s.")
        return _result(answer, problem)


def _result(answer: Path, problem: str) -> Any:
    if not answer.exists() or answer.stat().st_size > MAX_ANSWER_BYTES:
        raise RunError(f"{problem}: it exceeds the limits of memory or time, or crashes.")
    kind, value = json.loads(answer.read_text("utf-8"))
    if kind == "error":
        raise RunError(*map(str, value))
    if kind == "failure":
        from latentlab.session.failure import Failure, RemoteFailure

        title, details = map(str, value)
        raise RemoteFailure(Failure(title, details=details))
    return value


def run_limited(
    child: ModuleType, source: str, out: str, memory: int, seconds: int, *choices: str
) -> Generator[None]:
    """Run a program and yield until it ends or its time is over.

    Parameters
    ----------
    child : module
        The program: it imports nothing of latentlab, has ``main(source, out, memory, seconds,
        *choices)``, and calls that with its arguments when it is run.
    source, out : str
        File to read, and file to write.
    memory, seconds : int
        Limits that the program sets for itself: bytes, and processor time.
    choices : str
        Further arguments of the program.
    """
    arguments = (source, out, memory, seconds, *choices)
    process = _start([str(child.__file__), *map(str, arguments)], child.main, arguments)
    yield from _wait(process, 2 * seconds)


def _wait(process: Any, seconds: int) -> Generator[None, None, bool]:
    """Yield until a process ends or its time is over, then kill it; return whether it has ended."""
    end = time.monotonic() + seconds if seconds else math.inf
    try:
        while process.poll() is None and time.monotonic() < end:
            yield
            time.sleep(POLL_S)
        return process.poll() is not None
    finally:
        process.kill()
        process.wait()


def _start(program: list[str], main: Callable[..., object], arguments: tuple[object, ...]) -> Any:
    """Start a program of Python; in a bundled latentlab, the function that it calls."""
    if getattr(sys, "frozen", False):
        return _Bundled(main, arguments)
    # Not multiprocessing, which would import the script of the user again.
    # -P: the folder of the program is no place for imports.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    silent = subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "-P", *program],
        env=environment,
        stdin=silent,
        stdout=silent,
        stderr=silent,
    )


class _Bundled:
    """The child in a bundled program, whose executable is no interpreter; as `subprocess.Popen`."""

    def __init__(self, main: Callable[..., object], arguments: tuple[object, ...]) -> None:
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


# Child process


def main() -> None:
    """Serve the call of the command line; entry point of the process."""
    _serve(*sys.argv[1:3])


def _serve(told: str, answer: str) -> None:
    """Call the function and write its result or error."""
    module, name, args, files, memory, seconds = json.loads(Path(told).read_text("utf-8"))
    if files is not None:
        contents = (Path(told).with_suffix(f".{i}").read_bytes() for i in range(len(files)))
        args = [dict(zip(files, contents, strict=True)), *args]
    work = getattr(import_module(module), name)
    if memory:
        _limit(memory, seconds)
    try:
        found: tuple[str, Any] = "done", work(*args)
    except LatentlabError as error:
        found = "error", (error.message, error.advice)
    except Exception as error:  # shown by the window
        if is_out_of_memory(error):
            found = "error", ("It needs more memory than allowed.", "Close other programs.")
        else:
            details = shown(traceback.format_exc(), MAX_DETAILS)
            found = "failure", (f"latentlab has an internal error: {shown(error)}.", details)
    part = Path(f"{answer}.part")
    part.write_text(json.dumps(found), "utf-8")
    part.replace(answer)


def _limit(memory: int, seconds: int) -> None:
    """Limit memory and processor time of this process, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        used = pages * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))
    if seconds:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
