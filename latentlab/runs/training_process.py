"""Training in a process of its own, so that neither waits for the other's Python.

The window draws and explores while a run goes on. Within one process both would take turns with the
interpreter's lock, and small steps would wait for it most of the time.
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
from latentlab.runs.library import new_folder
from latentlab.runs.recorder import record, resume
from latentlab.session.failure import Failure, FailureElsewhere

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from multiprocessing.connection import Connection

    from latentlab.session.runs import TrainingJob

METHOD = "forkserver" if sys.platform == "linux" else "spawn"
"""How the process begins; a server that has loaded torch once forks within some milliseconds."""
LOOK_EVERY = 0.05
"""Seconds between two looks at what is asked of the run under way."""
FAMILIES = [
    f"{package.__name__}.{module.name}"
    for package in (sources, models)
    for module in iter_modules(package.__path__)
]
"""Modules that name the kinds of data sets and models."""
AHEAD = 2
"""Events that may be on their way: then the process waits, as it does where nobody takes any."""
STOP, TAKEN, SEEN, STEER, RHYTHM = "stop", "taken", "seen", "steer", "rhythm"
FINISHED = "finished"


def prepare() -> None:
    """Have a process load what every run needs; returns at once."""
    if METHOD == "forkserver":
        forkserver.set_forkserver_preload([__name__, "torch._dynamo", *FAMILIES])
        forkserver.ensure_running()


def train(order: TrainingJob, controls: Controls) -> Generator[object]:
    """Train a recipe into a new run folder, or go on with a run, in a process of its own.

    Closing it stops the run, which is saved before this returns.

    Yields
    ------
    Event or Past
        Those of `record` or `resume`; of the steps, only those that have losses.

    Raises
    ------
    FailureElsewhere
        Where the run fails.
    """
    prepare()
    context = multiprocessing.get_context(METHOD)
    pipe, there = context.Pipe()
    process = context.Process(  # type: ignore[attr-defined]
        target=_serve,
        args=(there, order, controls.snapshot_every, controls.one_at_a_time, dict(os.environ)),
        name="training",
        daemon=True,
    )
    process.start()
    there.close()
    with ExitStack() as at_end:
        at_end.callback(process.join)
        at_end.callback(_end, pipe)
        wishes = _Wishes(pipe, controls)
        while True:
            while not pipe.poll(LOOK_EVERY):
                wishes.send()
            event = _receive(pipe, process.name)
            if event == FINISHED:
                return
            if isinstance(event, Failure):
                raise FailureElsewhere(event)
            if isinstance(event, Started) and event.device == devices.describe(CPU):
                at_end.enter_context(devices.training_on(CPU))
            if isinstance(event, Snapshot):
                wishes.taken()
            yield event
            wishes.send()
            with suppress(ConnectionError):  # of a process that was killed: found out next
                pipe.send((TAKEN,))


CPU = torch.device("cpu")


def _receive(pipe: Connection, name: str) -> Any:
    try:
        return pipe.recv()
    except (EOFError, ConnectionError):
        text = "The process that trained has ended unexpectedly; what it had saved is kept."
        advice = "Resume the run. If it happens again, choose a smaller model or batch."
        return Failure(text, advice, f"Process {name} closed its pipe.")


def _end(pipe: Connection) -> None:
    """Stop the run where it has not ended, and wait until it is saved."""
    with suppress(OSError, EOFError):
        pipe.send((STOP,))
        while not isinstance(said := pipe.recv(), Failure) and said != FINISHED:
            pass
    pipe.close()


class _Wishes:
    """Passes what is asked of a run on to its process."""

    def __init__(self, pipe: Connection, controls: Controls) -> None:
        self._pipe, self._controls = pipe, controls
        self._rhythm = controls.snapshot_every
        self._waits = False

    def taken(self) -> None:
        """Take note that a snapshot is on its way to whoever looks on."""
        self._controls.taken()
        self._waits = True

    def send(self) -> None:
        """Pass on what is new."""
        # A process that has ended takes no wishes; that it has is found out when it is listened to.
        with suppress(OSError):
            for key, value in self._controls.wishes():
                self._pipe.send((STEER, key, value))
            if self._rhythm != self._controls.snapshot_every:
                self._rhythm = self._controls.snapshot_every
                self._pipe.send((RHYTHM, self._rhythm))
            if self._waits and self._controls.wants_snapshot:
                self._waits = False
                self._pipe.send((SEEN,))


# In the process


class _Stopped(Exception):
    """The run is to end, or the one who wanted it has gone."""


def _serve(
    pipe: Connection,
    order: TrainingJob,
    snapshot_every: float | None,
    one_at_a_time: bool,
    environment: Mapping[str, str],
) -> None:
    """Train, and send what happens; the process's first function."""
    # Ctrl+C reaches all processes of a terminal: the window is what stops its run.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.clear()
    os.environ.update(environment)
    controls = Controls(snapshot_every, one_at_a_time=one_at_a_time, spare_core=True)
    there = _There(pipe, controls)
    end: object = FINISHED
    try:
        with closing(_events(order, controls)) as events:
            for event in events:
                there.look()
                if not (isinstance(event, Step) and event.losses is None):
                    there.send(event)
    except (_Stopped, BrokenPipeError):
        pass
    except Exception as error:  # whatever it is, the window must live and say it
        end = Failure.of(error)
    with suppress(OSError):
        pipe.send(end)


def _events(order: TrainingJob, controls: Controls) -> Generator[object]:
    if order.folder:
        return resume(order.folder, order.epochs, controls)
    recipe = make_recipe(order.recipe)
    return record(recipe, new_folder(recipe), controls)


class _There:
    """The window, as the process sees it."""

    def __init__(self, pipe: Connection, controls: Controls) -> None:
        self._pipe, self._controls = pipe, controls
        self._on_the_way = 0

    def send(self, event: object) -> None:
        """Send an event, and wait while as many as may be are on their way."""
        self._pipe.send(event)
        self._on_the_way += 1
        while self._on_the_way >= AHEAD:
            self._obey()

    def look(self) -> None:
        """Do what was asked for meanwhile."""
        while self._pipe.poll():
            self._obey()

    def _obey(self) -> None:
        try:
            what, *values = self._pipe.recv()
        except (EOFError, OSError):
            raise _Stopped from None
        match what, *values:
            case ("taken",):
                self._on_the_way -= 1
            case ("seen",):
                self._controls.seen()
            case ("steer", key, value):
                self._controls.steer(key, value)
            case ("rhythm", seconds):
                self._controls.snapshot_every = seconds
            case _:
                raise _Stopped


# Images on their way


def _reduce_memmap(array: np.memmap) -> tuple[Callable[..., np.ndarray], tuple[Any, ...]]:
    """Send where mapped values are, not the values: they may be more than memory holds."""
    mapped = getattr(array, "_mmap", None)
    if mapped is None or array.filename is None or not array.flags.c_contiguous or not array.size:
        return np.array, (np.asarray(array).copy(),)
    begin = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY
    first = np.frombuffer(mapped, np.uint8).ctypes.data
    place = (begin + array.ctypes.data - first, array.shape)
    return _map, (str(array.filename), array.dtype.str, *place)


def _map(path: str, dtype: str, offset: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.memmap(path, np.dtype(dtype), "r", offset, shape)


ForkingPickler.register(np.memmap, _reduce_memmap)
