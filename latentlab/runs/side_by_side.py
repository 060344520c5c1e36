"""Several runs at once, each in a process of its own with its share of the cores.

On a GPU, runs whose steps are the same operations learn together in one process; see `Stack`.

The steps of a small model are too short to be divided: its matrix products are small, and what
Python does between them runs on one core. Runs that share nothing need no division.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from threading import Event
from typing import TYPE_CHECKING, Literal

import torch

from latentlab.learning.events import Started
from latentlab.learning.fast.device import pick_device
from latentlab.learning.fast.distributed import torchrun_group
from latentlab.learning.steering import Controls
from latentlab.runs.training_process import train
from latentlab.session.cores import MAX_TOGETHER, runs_at_once, together_key
from latentlab.session.failure import Failure
from latentlab.session.recipes import has_same_images

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from latentlab.learning.events import Precision
    from latentlab.learning.recipe import Recipe
    from latentlab.session.runs import TrainingJob

WAIT_S = 1.0
"""Seconds after which a wait for events looks for Ctrl-C, which cannot end it on Windows."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Division of the cores, or of a GPU, among several runs.

    Parameters
    ----------
    runs : int
        Number of runs that train at once.
    threads : int or None
        Threads of each; None for the usual number.
    reason : str
        Why only one trains at a time; empty if several do.
    together : str
        See `TrainingJob`.
    """

    runs: int
    threads: int | None
    reason: str = ""
    together: str = ""


def divide_cores(recipes: Sequence[Recipe]) -> Cores:
    """Return how many of some runs train at once, and with how many threads."""
    cores = torch.get_num_threads()
    at_once = runs_at_once(len(recipes), cores)
    if torchrun_group().size > 1:
        return Cores(1, cores, "all processes train each run together")
    devices = {pick_device(each.training.device).type for each in recipes}
    if devices != {"cpu"}:
        keys = {together_key(each.to_dict()) for each in recipes}
        if devices != {"cuda"} or len(keys) > 1 or "" in keys:
            return Cores(1, cores, "they share a GPU, and their steps are not the same")
        return Cores(min(len(recipes), MAX_TOGETHER), None, together=keys.pop())
    if at_once < 2:
        return Cores(1, cores, "there is one core for them" if cores < 2 else "memory is short")
    return Cores(at_once, cores // at_once)


@dataclass(frozen=True, slots=True)
class Ended:
    """End of one of several runs.

    Parameters
    ----------
    outcome : str
        ``"finished"``, ``"stopped"`` or ``"failed"``.
    folder : Path or None
        Run folder; None if the run did not begin.
    failure : Failure or None
        Why it failed.
    """

    outcome: Literal["finished", "stopped", "failed"]
    folder: Path | None = None
    failure: Failure | None = None


class SideBySide:
    """Several runs, of which some train at once, each in a process of its own.

    Each is recorded as a run that trains alone: with the same number of threads the weights are
    equal to the last bit. Runs on the same images compute in the precision that the first has
    chosen, so that the others wait until it begins.

    Parameters
    ----------
    jobs : sequence of TrainingJob
        The runs, in the order in which they start.
    at_once : int
        Number of runs that train at once.
    """

    def __init__(self, jobs: Sequence[TrainingJob], at_once: int) -> None:
        self._jobs = jobs
        self._at_once = at_once
        self._stopped = Event()
        self._has_begun = Event()
        self._precision: Precision | None = None
        self._arrived = SimpleQueue[tuple[int, object]]()
        self.ended: dict[int, Ended] = {}
        """How each run has ended, by its position; complete when `events` is at its end."""

    def events(self) -> Generator[tuple[int, object]]:
        """Train; close the generator to stop and keep all runs.

        What keeps a run from its first step, such as missing images, keeps the others too: they
        are stopped.

        Yields
        ------
        tuple of int and object
            Position of a run, and its event: those of `record`, except steps without losses, and
            an `Ended` as the last.
        """
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="run") as pool:
            for index in range(len(self._jobs)):
                pool.submit(self._train, index)
            try:
                while len(self.ended) < len(self._jobs) or not self._arrived.empty():
                    try:
                        yield self._arrived.get(timeout=WAIT_S)
                    except Empty:
                        continue
            finally:
                self._stopped.set()

    def _train(self, index: int) -> None:
        """Train a run to its end; runs in a thread of its own."""
        end = self._pass_on(index)
        if end.failure and not end.folder:
            self._stopped.set()
        if not index:
            self._has_begun.set()
        # In this order: a consumer that sees all runs ended empties the queue.
        self._arrived.put((index, end))
        self.ended[index] = end

    def _pass_on(self, index: int) -> Ended:
        job = self._jobs[index]
        if index and not job.together and has_same_images(job.recipe, self._jobs[0].recipe):
            self._has_begun.wait()
            job = replace(job, precision=self._precision)
        if self._stopped.is_set():
            return Ended("stopped")
        folder: Path | None = None
        try:
            with closing(train(job, Controls())) as events:
                for event in events:
                    if isinstance(event, Started):
                        folder = event.folder
                        if not index:
                            self._precision = event.precision
                            self._has_begun.set()
                    if self._stopped.is_set():
                        return Ended("stopped", folder)
                    self._arrived.put((index, event))
        except Exception as error:  # report any error to the consumer
            return Ended("failed", folder, Failure.of(error))
        return Ended("finished", folder)
