"""The training process: makes the runs that its parent tells it to, and sends their events."""

from __future__ import annotations

import mmap
import os
import signal
import time
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.reduction import ForkingPickler
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from latentlab.learning.events import Step, Waiting
from latentlab.learning.fast.stack import Stack
from latentlab.learning.recipe import make_recipe
from latentlab.learning.steering import Controls
from latentlab.runs.library import make_folder
from latentlab.runs.recorder import record, resume
from latentlab.runs.stop_signals import handle_stop_signals
from latentlab.session.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from multiprocessing.connection import Connection
    from pathlib import Path

    from latentlab.session.runs import TrainingJob

MAX_EVENTS_IN_FLIGHT = 2
"""Maximum number of events in flight of a run alone; then it waits for the receiver."""
START, STOP, TAKEN, SEEN = "start", "stop", "taken", "seen"
STEER, SNAPSHOT_INTERVAL = "steer", "rhythm"
FINISHED = "finished"
LISTEN_S = 0.005
"""Seconds between two looks for messages while runs learn."""
PAUSE_S = 1.0
"""Seconds that the others of a stack wait for a run whose events nobody takes."""


class Stopped(BaseException):
    """Raised if the process is asked to end; no failure of a run."""


def serve(pipes: Sequence[Connection], environment: Mapping[str, str], directory: Path) -> None:
    """Train what is told through some pipes, one run through each; entry point of the process."""
    # Ctrl+C is sent to all processes of a terminal; the parent stops the run.
    handle_stop_signals(_stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.clear()
    os.environ.update(environment)
    # The fork server is in the directory in which it was started; a recipe may have relative paths.
    os.chdir(directory)
    stack = Stack() if len(pipes) > 1 else None
    runs = [ServedRun(pipe, stack) for pipe in pipes]
    try:
        Server(runs, stack).run()
    except Stopped:
        for run in runs:
            run.stop()


def _stop(number: int, _frame: object) -> None:
    """Stop at a signal; further ones must not disturb the saving."""
    signal.signal(number, signal.SIG_IGN)
    raise Stopped


class Server:
    """Lets several runs go on in turn, and makes the steps for which all of a stack wait.

    Parameters
    ----------
    runs : sequence of ServedRun
        The pipes and their runs.
    stack : Stack or None
        Makes the steps of runs that learn together; None for a single run.
    """

    def __init__(self, runs: Sequence[ServedRun], stack: Stack | None) -> None:
        self._runs = runs
        self._stack = stack
        self._listened = 0.0

    def run(self) -> None:
        """Train until the parent has closed all pipes."""
        while any(run.is_open for run in self._runs):
            now = time.perf_counter()
            if now - self._listened >= LISTEN_S:
                self._listen(now)
            moved = [run.advance() for run in self._runs]
            if self._stack and self._are_ready(now):
                self._stack.make_steps()
                for run in self._runs:
                    run.is_waiting = False
            elif not any(moved):
                self._listen(now, PAUSE_S)

    def _are_ready(self, now: float) -> bool:
        """Return whether all runs that learn together wait for a step, but for those paused."""
        learning = [run for run in self._runs if run.events and not run.is_independent]
        others = [run for run in learning if not run.is_waiting]
        return len(others) < len(learning) and all(
            run.is_blocked and now - run.sent_at >= PAUSE_S for run in others
        )

    def _listen(self, now: float, seconds: float = 0.0) -> None:
        """Execute all pending messages; wait for one for some seconds."""
        self._listened = now
        pipes = {run.pipe: run for run in self._runs if run.is_open}
        for pipe in wait(pipes, seconds):
            pipes[pipe].listen()  # type: ignore[index]


class ServedRun:
    """A pipe to the parent, and the run that it has started, if any.

    Parameters
    ----------
    pipe : Connection
        The pipe.
    stack : Stack or None
        See `Server`.
    """

    def __init__(self, pipe: Connection, stack: Stack | None) -> None:
        self.pipe = pipe
        self.is_open = True
        self.events: Generator[object] | None = None
        self.is_waiting = self._has_waited = False
        self.is_independent = False
        """Whether the run makes its steps itself, as with images on disk."""
        self.sent_at = 0.0
        """Time of the last event."""
        self._stack = stack
        # What is sent must not wait for a parent that does not read: it would hold the other runs.
        self._max_in_flight = 1 if stack else MAX_EVENTS_IN_FLIGHT
        self._controls = Controls()
        self._in_flight = 0

    @property
    def is_blocked(self) -> bool:
        """Whether the receiver is to take events before the run goes on."""
        return self._in_flight >= self._max_in_flight

    def listen(self) -> None:
        """Execute all pending messages."""
        try:
            while self.is_open and self.pipe.poll():
                self._execute(*self.pipe.recv())
        except (EOFError, OSError):
            self.is_open = False
            self.stop()

    def _execute(self, what: str, *values: Any) -> None:
        if what == START:
            self._start(*values)
        elif what == TAKEN:
            self._in_flight -= 1
        elif what == SEEN:
            self._controls.seen()
        elif what == STEER:
            self._controls.steer(*values)
        elif what == SNAPSHOT_INTERVAL:
            (self._controls.snapshot_every,) = values
        else:
            self.stop()

    def _start(self, job: TrainingJob, snapshot_every: float | None, one_at_a_time: bool) -> None:
        if job.threads:
            torch.set_num_threads(job.threads)
        self._controls = Controls(
            snapshot_every,
            one_at_a_time=one_at_a_time,
            spare_core=job.threads is None,
            precision=job.precision,
            stack=self._stack,
        )
        self._in_flight = 0
        self.is_waiting = self.is_independent = self._has_waited = False
        self.events = _events(job, self._controls)

    def advance(self) -> bool:
        """Let the run go on to its next event; return False if it waits for something."""
        if self.events is None or self.is_waiting or self.is_blocked:
            return False
        try:
            self._take(next(self.events))
        except StopIteration:
            self._end(FINISHED)
        except Exception as error:  # report any error to the window
            self.stop(Failure.of(error))
        return True

    def _take(self, event: object) -> None:
        self.is_waiting = isinstance(event, Waiting)
        self.is_independent |= isinstance(event, Step) and not self._has_waited
        self._has_waited |= self.is_waiting
        if self.is_waiting or (isinstance(event, Step) and event.losses is None):
            return
        self._in_flight += 1
        self._send(event)
        self.sent_at = time.perf_counter()

    def stop(self, end: object = FINISHED) -> None:
        """Stop the run if it has not ended, save it, and tell its end."""
        if self.events is None:
            self._send(end)
            return
        try:
            self.events.close()
        except Exception as error:
            end = Failure.of(error)
        self._end(end)

    def _end(self, end: object) -> None:
        self.events = None
        self.is_waiting = False
        self._send(end)

    def _send(self, event: object) -> None:
        # The parent has gone: `listen` stops the run.
        with suppress(OSError):
            self.pipe.send(event)


def _events(job: TrainingJob, controls: Controls) -> Generator[object]:
    if job.folder:
        yield from resume(job.folder, job.epochs, controls)
        return
    recipe = make_recipe(job.recipe)
    yield from record(recipe, job.into or make_folder(recipe), controls)


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
