"""A function call in a separate process, with limits of memory and time.

The process does not share the GIL with the window, and a crash of a library ends only the process.
"""

from __future__ import annotations

import multiprocessing
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentlab.errors import LatentlabError, RunError
from latentlab.runs.training_process import START_METHOD, start_fork_server
from latentlab.session.failure import Failure, RemoteFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from multiprocessing.connection import Connection

POLL_S = 0.02


def in_process[T](
    work: Callable[..., T], *args: object, problem: str, memory: int = 0, seconds: int = 0
) -> Generator[None, None, T]:
    """Call a function of a module in a process; yields while it works. Closing kills the process.

    Parameters
    ----------
    work : callable
        Function of a module, called with `args`; arguments and result are pickled.
    problem : str
        Message if the process ends without a result.
    memory : int
        Bytes that the process may allocate more than at its start; 0 for no limit. Linux only.
    seconds : int
        Time limit; 0 for none.

    Raises
    ------
    RunError
        If the process is ended by a limit, or crashes.
    LatentlabError
        Raised by the function.
    """
    start_fork_server()
    context = multiprocessing.get_context(START_METHOD)
    pipe, child_pipe = context.Pipe(duplex=False)
    process = context.Process(  # type: ignore[attr-defined]
        target=_serve, args=(child_pipe, work, args, memory, seconds), daemon=True
    )
    process.start()
    child_pipe.close()
    waited = 0.0
    try:
        while not pipe.poll(POLL_S):
            waited += POLL_S
            if seconds and waited > seconds:
                raise RunError(f"{problem}: it takes longer than {seconds} s.")
            yield
        kind, value = pipe.recv()
    except (EOFError, ConnectionError) as error:
        raise RunError(f"{problem}: it exceeds the limits of memory, or crashes.") from error
    finally:
        process.kill()
        process.join()
        pipe.close()
    if kind == "failure":
        raise RemoteFailure(value)
    if kind == "error":
        raise RunError(*value)
    result: T = value
    return result


# Child process


def _serve(
    pipe: Connection, work: Callable[..., Any], args: tuple[object, ...], memory: int, seconds: int
) -> None:
    """Call the function and send its result or error; entry point of the process."""
    if memory:
        _limit(memory, seconds)
    answer: tuple[str, object]
    try:
        answer = "done", work(*args)
    except LatentlabError as error:
        answer = "error", (error.message, error.advice)
    except MemoryError:
        answer = "error", ("It needs more memory than allowed.", "Close other programs.")
    except Exception as error:  # reported to the window
        answer = "failure", Failure.of(error)
    with suppress(OSError):
        pipe.send(answer)


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
