"""Training in a separate process, so that the window and training do not share the GIL.

Within one process both would compete for the GIL, and small training steps would wait for it most
of the time.
"""

from __future__ import annotations

import mmap
import multiprocessing
import os
import signal
import sys
from contextlib import ExitStack, closing, suppress
from multiprocessing import forkserver
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from latentlab import models
from latentlab.data import sources
from latentlab.learning.events import Snapshot, Started, Step
from latentlab.learning.fast import device as devices
from latentlab.learning.recipe import make_recipe
from latentlab.learning.steering import Controls
from latentlab.runs.library import make_folder
from latentlab.runs.recorder import record, resume
from latentlab.runs.stop_signals import handle_stop_signals
from latentlab.session.failure import Failure, RemoteFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from multiprocessing.connection import Connection

    from latentlab.session.runs import TrainingJob

START_METHOD = "forkserver" if sys.platform == "linux" else "spawn"
"""Start method; a fork server that has imported torch forks within a few milliseconds."""
POLL_INTERVAL_S = 0.05
"""Seconds between two checks for new commands to the run."""
PRELOADED_MODULES = [
    f"{package.__name__}.{module.name}"
    for package in (sources, models)
    for module in iter_modules(package.__path__)
]
"""Modules that register the kinds of data sets and models."""
MAX_EVENTS_IN_FLIGHT = 2
"""Maximum number of events in flight; then the process waits for the receiver."""
STOP, TAKEN, SEEN, STEER, SNAPSHOT_INTERVAL = "stop", "taken", "seen", "steer", "rhythm"
FINISHED = "finished"


def start_fork_server() -> None:
    """Start the fork server, which imports the modules of every run; returns immediately."""
    if START_METHOD == "forkserver":
        forkserver.set_forkserver_preload([__name__, "torch._dynamo", *PRELOADED_MODULES])
        forkserver.ensure_running()


def train(order: TrainingJob, controls: Controls) -> Generator[object]:
    """Train a recipe into a new run folder, or resume a run, in a separate process.

    Closing the generator stops the run and waits until it is saved.

    Yields
    ------
    Event or RunLog
        Events of `record` or `resume`, except steps without losses.

    Raises
    ------
    RemoteFailure
        If the run fails.
    """
    start_fork_server()
    context = multiprocessing.get_context(START_METHOD)
    pipe, child_pipe = context.Pipe()
    process = context.Process(  # type: ignore[attr-defined]
        target=_serve,
        args=(
            child_pipe,
            order,
            controls.snapshot_every,
            controls.one_at_a_time,
            dict(os.environ),
            Path.cwd(),
        ),
        name="training",
        daemon=True,
    )
    process.start()
    child_pipe.close()
    with ExitStack() as stack:
        stack.callback(process.join)
        stack.callback(_end, pipe)
        commands = _Commands(pipe, controls)
        while True:
            while not pipe.poll(POLL_INTERVAL_S):
                commands.send()
            event = _receive(pipe, process.name)
            if event == FINISHED:
                return
            if isinstance(event, Failure):
                raise RemoteFailure(event)
            if isinstance(event, Started) and event.device == devices.device_name(CPU):
                stack.enter_context(devices.training_on(CPU))
            if isinstance(event, Snapshot):
                commands.taken()
            yield event
            commands.send()
            with suppress(ConnectionError):  # the process was killed: the next `_receive` fails
                pipe.send((TAKEN,))


CPU = torch.device("cpu")


def _receive(pipe: Connection, name: str) -> Any:
    try:
        return pipe.recv()
    except (EOFError, ConnectionError):
        text = "The training process ended unexpectedly. What it had saved is kept."
        advice = "Resume the run. If it happens again, choose a smaller model or batch."
        return Failure(text, advice, f"Process {name} closed its pipe.")


def _end(pipe: Connection) -> None:
    """Stop the run if it has not ended, and wait until it is saved."""
    with suppress(OSError, EOFError):
        pipe.send((STOP,))
        while not isinstance(event := pipe.recv(), Failure) and event != FINISHED:
            pass
    pipe.close()


class _Commands:
    """Sends changes of the controls to the training process."""

    def __init__(self, pipe: Connection, controls: Controls) -> None:
        self._pipe, self._controls = pipe, controls
        self._rhythm = controls.snapshot_every
        self._is_snapshot_unseen = False

    def taken(self) -> None:
        """Record that a snapshot was delivered."""
        self._controls.taken()
        self._is_snapshot_unseen = True

    def send(self) -> None:
        """Send new commands."""
        # Sending fails if the process has ended; `_receive` reports that.
        with suppress(OSError):
            for key, value in self._controls.wishes():
                self._pipe.send((STEER, key, value))
            if self._rhythm != self._controls.snapshot_every:
                self._rhythm = self._controls.snapshot_every
                self._pipe.send((SNAPSHOT_INTERVAL, self._rhythm))
            if self._is_snapshot_unseen and self._controls.wants_snapshot:
                self._is_snapshot_unseen = False
                self._pipe.send((SEEN,))


# Child process


class _Stopped(BaseException):
    """Raised if the run is to stop, or the parent process has ended; no failure of the run."""


def _stop(number: int, _frame: object) -> None:
    """Stop at a signal; further ones must not disturb the saving."""
    signal.signal(number, signal.SIG_IGN)
    raise _Stopped


def _serve(
    pipe: Connection,
    order: TrainingJob,
    snapshot_every: float | None,
    one_at_a_time: bool,
    environment: Mapping[str, str],
    directory: Path,
) -> None:
    """Train and send the events; entry point of the process."""
    # Ctrl+C is sent to all processes of a terminal; the parent stops the run.
    handle_stop_signals(_stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.clear()
    os.environ.update(environment)
    # The fork server is in the directory in which it was started; a recipe may have relative paths.
    os.chdir(directory)
    if order.threads:
        torch.set_num_threads(order.threads)
    controls = Controls(
        snapshot_every,
        one_at_a_time=one_at_a_time,
        spare_core=order.threads is None,
        precision=order.precision,
    )
    parent = _Parent(pipe, controls)
    end: object = FINISHED
    try:
        with closing(_events(order, controls)) as events:
            for event in events:
                parent.receive()
                if not (isinstance(event, Step) and event.losses is None):
                    parent.send(event)
    except (_Stopped, BrokenPipeError):
        pass
    except Exception as error:  # report any error to the window
        end = Failure.of(error)
    with suppress(OSError):
        pipe.send(end)


def _events(order: TrainingJob, controls: Controls) -> Generator[object]:
    if order.folder:
        return resume(order.folder, order.epochs, controls)
    recipe = make_recipe(order.recipe)
    return record(recipe, order.into or make_folder(recipe), controls)


class _Parent:
    """Connection of the training process to its parent."""

    def __init__(self, pipe: Connection, controls: Controls) -> None:
        self._pipe, self._controls = pipe, controls
        self._in_flight = 0

    def send(self, event: object) -> None:
        """Send an event, and wait while `AHEAD` events are in flight."""
        self._pipe.send(event)
        self._in_flight += 1
        while self._in_flight >= MAX_EVENTS_IN_FLIGHT:
            self._execute_command()

    def receive(self) -> None:
        """Execute all pending commands."""
        while self._pipe.poll():
            self._execute_command()

    def _execute_command(self) -> None:
        try:
            what, *values = self._pipe.recv()
        except (EOFError, OSError):
            raise _Stopped from None
        match what, *values:
            case ("taken",):
                self._in_flight -= 1
            case ("seen",):
                self._controls.seen()
            case ("steer", key, value):
                self._controls.steer(key, value)
            case ("rhythm", seconds):
                self._controls.snapshot_every = seconds
            case _:
                raise _Stopped


# Pickling of memory-mapped images


def _reduce_memmap(array: np.memmap) -> tuple[Callable[..., np.ndarray], tuple[Any, ...]]:
    """Pickle the location of mapped values, not the values: they may not fit into memory."""
    mapped = getattr(array, "_mmap", None)
    if mapped is None or array.filename is None or not array.flags.c_contiguous or not array.size:
        return np.array, (np.asarray(array).copy(),)
    begin = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY
    first = np.frombuffer(mapped, np.uint8).ctypes.data
    offset = begin + array.ctypes.data - first
    return _map, (str(array.filename), array.dtype.str, offset, array.shape)


def _map(path: str, dtype: str, offset: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.memmap(path, np.dtype(dtype), "r", offset, shape)


ForkingPickler.register(np.memmap, _reduce_memmap)
