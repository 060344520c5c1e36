"""Training in a separate process, so that the window and training do not share the GIL.

Within one process both would compete for the GIL, and small training steps would wait for it most
of the time. Runs that learn together share a process.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from contextlib import ExitStack, suppress
from multiprocessing import forkserver
from pathlib import Path
from pkgutil import iter_modules
from threading import Lock
from typing import TYPE_CHECKING, Any

import torch

from latentlab import models
from latentlab.data import sources
from latentlab.learning.events import Snapshot, Started
from latentlab.learning.fast import device as devices
from latentlab.runs.training_child import (
    FINISHED,
    SEEN,
    SNAPSHOT_INTERVAL,
    START,
    STEER,
    STOP,
    TAKEN,
    serve,
)
from latentlab.session.cores import MAX_TOGETHER
from latentlab.session.failure import Failure, RemoteFailure
from latentlab.session.recipes import value_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from latentlab.learning.steering import Controls
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
CPU = torch.device("cpu")


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
    shared, pipe = _process_for(order)
    process, is_over = shared.process, False
    with ExitStack() as stack:
        stack.callback(lambda: shared.leave(pipe, is_over=is_over))
        commands = _Commands(pipe, controls)
        with suppress(ConnectionError):  # the process was killed: the first `_receive` fails
            pipe.send((START, order, controls.snapshot_every, controls.one_at_a_time))
        while True:
            while not pipe.poll(POLL_INTERVAL_S):
                commands.send()
            event = _receive(pipe, process.name)
            is_over = event == FINISHED or isinstance(event, Failure)
            if isinstance(event, Failure):
                raise RemoteFailure(event)
            if is_over:
                return
            if isinstance(event, Started) and event.device == devices.device_name(CPU):
                stack.enter_context(devices.training_on(CPU))
            if isinstance(event, Snapshot):
                commands.taken()
            yield event
            commands.send()
            with suppress(ConnectionError):  # the process was killed: the next `_receive` fails
                pipe.send((TAKEN,))


# Processes


class _Process:
    """A training process, and its pipes that no run has taken yet.

    Parameters
    ----------
    together : str
        See `TrainingJob`.
    """

    def __init__(self, together: str) -> None:
        start_fork_server()
        context = multiprocessing.get_context(START_METHOD)
        ends = [context.Pipe() for _ in range(MAX_TOGETHER if together else 1)]
        self._together = together
        self._free = [ours for ours, _ in ends]
        self._users = 0
        self.process: BaseProcess = context.Process(  # type: ignore[attr-defined]
            target=serve,
            args=([theirs for _, theirs in ends], dict(os.environ), Path.cwd()),
            name="training",
            daemon=True,
        )
        self.process.start()
        for _, theirs in ends:
            theirs.close()

    def has_room(self, together: str) -> bool:
        """Return whether a run can learn together with those that are in training."""
        return together == self._together and bool(self._free) and self.process.is_alive()

    def take(self) -> tuple[_Process, Connection]:
        """Return the process, and the pipe of a run."""
        self._users += 1
        return self, self._free.pop()

    def leave(self, pipe: Connection, *, is_over: bool) -> None:
        """Stop a run if it is not over, and let another one take its pipe if it is.

        Waits until the run is saved, and after the last one for the end of the process.
        """
        if not is_over:
            _stop(pipe)
        with _lock:
            if is_over:
                self._free.append(pipe)
            self._users -= 1
            is_last = not self._users
            if is_last and self in _shared:
                _shared.remove(self)
        if is_last:
            for each in self._free:
                each.close()
            self.process.join()


def _stop(pipe: Connection) -> None:
    with suppress(OSError, EOFError):
        pipe.send((STOP,))
        while not isinstance(event := pipe.recv(), Failure) and event != FINISHED:
            pass
    pipe.close()


_lock = Lock()
_shared: list[_Process] = []
"""Processes that take further runs."""


def learns_together(order: TrainingJob) -> bool:
    """Return whether a run shares its process; on the CPU, runs are faster in one each."""
    if not order.together:
        return False
    wanted = value_of(order.recipe, "training.device") or "auto"
    return devices.pick_device(wanted).type == "cuda"


def _process_for(order: TrainingJob) -> tuple[_Process, Connection]:
    """Return a process for a run, and its pipe: a new one, or that of runs that it learns with."""
    if not learns_together(order):
        return _Process("").take()
    with _lock:
        for each in _shared:
            if each.has_room(order.together):
                return each.take()
        _shared.append(_Process(order.together))
        return _shared[-1].take()


def _receive(pipe: Connection, name: str) -> Any:
    try:
        return pipe.recv()
    except (EOFError, ConnectionError):
        text = "The training process ended unexpectedly. What it had saved is kept."
        advice = "Resume the run. If it happens again, choose a smaller model or batch."
        return Failure(text, advice, f"Process {name} closed its pipe.")


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
