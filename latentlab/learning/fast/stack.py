"""Several runs whose steps are made at once; see `StackedLosses`.

Each run keeps its trainer, with its own order of the images, random generators, schedules and
optimizer, and is validated, saved and stopped alone. It only waits, at each step, for the others.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from latentlab.data.binarize import read_binarized
from latentlab.errors import TrainingError
from latentlab.learning.batch_loss import check_finite
from latentlab.learning.fast.stacked_step import StackedStep
from latentlab.learning.fast.step_runner import make_runner
from latentlab.learning.loader import make_loader
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    import torch
    from torch import Tensor

    from latentlab.data.data_set import DataConfig
    from latentlab.data.image_set import ImageSet
    from latentlab.data.parts import Splits
    from latentlab.learning.batch_loss import Inputs
    from latentlab.learning.fast.step_runner import StepRunner
    from latentlab.learning.loader import Loader
    from latentlab.learning.trainer import Trainer


class Stack:
    """Makes the steps of some runs, once all of them wait for theirs."""

    def __init__(self) -> None:
        self._members: list[Member] = []
        self._step: StackedStep | None = None
        self._splits: dict[str, Splits] = {}
        self._reading: set[str] = set()
        self._loaders: dict[tuple[Any, ...], tuple[ImageSet, Loader]] = {}

    # Images, which the runs share

    def read(self, config: DataConfig) -> Generator[Progress, None, Splits]:
        """Read the images of a data config once; see `read_binarized`."""
        key = config.model_dump_json()
        while key in self._reading:
            yield Progress("Waiting for the images")
        if key not in self._splits:
            self._reading.add(key)
            try:
                self._splits[key] = yield from read_binarized(config)
            finally:
                self._reading.remove(key)
        return self._splits[key]

    def load(
        self, images: ImageSet, device: torch.device, resident_mb: int, *, training: bool = False
    ) -> Loader:
        """Return the loader of images; see `make_loader`."""
        key = id(images), device, resident_mb, training
        if key not in self._loaders:
            # The images are kept too, so that no others get their id.
            loader = make_loader(images, device, resident_mb, training=training)
            self._loaders[key] = images, loader
        return self._loaders[key][1]

    # Runs

    def runner(self, trainer: Trainer) -> StepRunner:
        """Return the runner of a trainer's steps, in place of an earlier one."""
        self.leave(trainer)
        if not trainer.train_feed.resident or trainer.team.size > 1:
            return make_runner(trainer)
        return Member(trainer, self._members)

    def leave(self, trainer: Trainer) -> None:
        """Make the steps of the others without a trainer from now on."""
        others = [member for member in self._members if member.trainer is not trainer]
        if len(others) < len(self._members):
            self._members[:] = others
            self._break_up()

    def make_steps(self) -> None:
        """Make the step of each run that waits for one; an error is raised in its run."""
        waiting = [member for member in self._members if member.rows is not None]
        try:
            if not self._make_together(waiting):
                for member in waiting:
                    member.make_alone()
        except Exception as error:
            for member in waiting:
                member.error = error
        for member in waiting:
            member.rows = None

    def _make_together(self, waiting: Sequence[Member]) -> bool:
        """Make the steps at once; return False if there is one only, or they cannot be stacked."""
        if len(waiting) < 2:
            return False
        if self._step is None or not self._step.fits(waiting):
            self._break_up()
            self._step = StackedStep(waiting)
        return self._step.make()

    def _break_up(self) -> None:
        """Free what the stacked step holds, which refers to itself."""
        if self._step:
            self._step.break_up()
            self._step = None


@contextmanager
def leaving(stack: Stack | None, trainer: Trainer) -> Iterator[None]:
    """Let a trainer leave its stack, if it has one, at the end."""
    try:
        yield
    finally:
        if stack:
            stack.leave(trainer)


class Member:
    """Runner of the steps of one run of a stack.

    Parameters
    ----------
    trainer : Trainer
        Trainer of the run; its images must be resident on the device.
    members : list of Member
        Those of the stack, which it joins with its first step.
    """

    def __init__(self, trainer: Trainer, members: list[Member]) -> None:
        self.trainer = trainer
        self._members = members
        self.rows: Tensor | None = None
        """Rows of the batch whose step it waits for; None if it waits for none."""
        self.error: Exception | None = None
        self._alone: dict[int, StepRunner] = {}

    def steps(self, batches: Sequence[Tensor]) -> Iterator[bool]:
        """See `StepRunner.steps`."""
        if self not in self._members:
            self._members.append(self)
        for rows in batches:
            self.trainer.begin_step(len(rows))
            self.rows = rows
            try:
                yield False
            finally:
                self.rows = None
            if self.error:
                error, self.error = self.error, None
                raise error
            yield True

    def make_alone(self) -> None:
        """Make the step that is waited for without the others."""
        assert self.rows is not None
        size = len(self.rows)
        if size not in self._alone:
            # A graph is of the size of its first batch, and others would be made without one.
            self._alone[size] = make_runner(self.trainer)
        try:
            for _ in self._alone[size].steps([self.rows]):
                pass
        except Exception as error:
            self.error = error

    def moved(self) -> None:
        """Forget the runners that may know the addresses of weights, which have been moved."""
        self._alone.clear()

    def inputs(self, rows: Tensor) -> Inputs:
        """Return the images, labels and observation mask of a batch."""
        return *self.trainer.train_feed.batch(rows), self.trainer.known(rows)

    def is_finite(self, names: Sequence[str], values: Tensor) -> bool:
        """Return whether the loss is finite, as far as the device tells; note the error if not."""
        try:
            check_finite(dict(zip(names, values, strict=True)))
        except TrainingError as error:
            self.error = error
        return self.error is None
