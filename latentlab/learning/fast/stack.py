"""Several runs whose steps are made at once; see `StackedLosses`.

Each run keeps its trainer, with its own order of the images, random generators, schedules and
optimizer, and is validated, saved and stopped alone. It only waits, at each step, for the others.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch

from latentlab.errors import TrainingError, is_out_of_memory
from latentlab.learning.batch_loss import check_finite
from latentlab.learning.fast.cuda_graph import CudaGraphStep
from latentlab.learning.fast.stacked_losses import NotStackable, StackedLosses, stack_weights
from latentlab.learning.fast.step_runner import make_runner

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from latentlab.learning.batch_loss import Inputs
    from latentlab.learning.fast.step_runner import StepRunner
    from latentlab.learning.trainer import Trainer

log = logging.getLogger(__name__)


class Stack:
    """Makes the steps of some runs, once all that are to take part wait for theirs."""

    def __init__(self) -> None:
        self._members: list[Member] = []
        self._formation: _Formation | None = None

    def runner(self, trainer: Trainer) -> StepRunner:
        """Return the runner of a trainer's steps, in place of an earlier one."""
        self.leave(trainer)
        if not trainer.train_feed.resident or trainer.team.size > 1:
            return make_runner(trainer)
        member = Member(trainer)
        self._members.append(member)
        return member

    def leave(self, trainer: Trainer) -> None:
        """Make the steps of the others without a trainer from now on."""
        self._members = [member for member in self._members if member.trainer is not trainer]

    def make_steps(self) -> None:
        """Make the step of each run that waits for one; an error is raised in its run."""
        waiting = [member for member in self._members if member.rows is not None]
        if len(waiting) > 1 and len(waiting) == len(self._members):
            if self._formation is None or self._formation.members != tuple(waiting):
                self._formation = _Formation(waiting)
            try:
                if self._formation.make():
                    return
            except Exception as error:
                for member in waiting:
                    member.error = error
                return
        for member in waiting:
            member.make_alone()


class Member:
    """Runner of the steps of one run of a stack.

    Parameters
    ----------
    trainer : Trainer
        Trainer of the run; its images must be resident on the device.
    """

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.rows: Tensor | None = None
        """Rows of the batch whose step it waits for."""
        self.error: Exception | None = None
        self._alone: StepRunner | None = None

    def steps(self, batches: Sequence[Tensor]) -> Iterator[int | None]:
        """See `StepRunner.steps`."""
        for rows in batches:
            self.trainer.begin_step(len(rows))
            self.rows = rows
            try:
                yield None
            finally:
                self.rows = None
            if self.error:
                error, self.error = self.error, None
                raise error
            yield len(rows)

    def moved(self) -> None:
        """Forget a runner that may know the addresses of weights; they have been moved."""
        self._alone = None

    def make_alone(self) -> None:
        """Make the step that is waited for without the others."""
        assert self.rows is not None
        self._alone = self._alone or make_runner(self.trainer)
        try:
            for _ in self._alone.steps([self.rows]):
                pass
        except Exception as error:
            self.error = error

    def inputs(self, rows: Tensor, *, augmented: bool = True) -> Inputs:
        """Return a batch."""
        x, y = self.trainer.train_feed.batch(rows)
        inputs = x, y, self.trainer.known(rows)
        return self.trainer.augmented(inputs) if augmented else inputs

    def learn(self, values: dict[str, Tensor]) -> None:
        """Update the weights from their gradients, unless the loss is not finite."""
        try:
            check_finite(values)
        except TrainingError as error:
            self.error = error
        else:
            self.trainer.learn(values)


class _Formation:
    """The stacked weights of some members, and the steps that are made with them."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = tuple(members)
        self._losses: StackedLosses | None = None
        trainers = [member.trainer for member in members]
        self._batch = 0
        try:
            self._losses = self._stack(trainers)
        except NotStackable as reason:
            log.warning("The runs are not trained together: %s", reason)
        for member in members:
            member.moved()
        self._device = trainers[0].device
        generators = [each for t in trainers for each in (t.noise.generator, t.rng)]
        is_cuda = self._device.type == "cuda"
        self._step = CudaGraphStep(self._learn, tuple(generators)) if is_cuda else self._learn

    def _stack(self, trainers: Sequence[Trainer]) -> StackedLosses:
        if len({trainer.precision for trainer in trainers}) > 1:
            raise NotStackable("they compute in different precisions")
        try:
            stack_weights(trainers)
            self._batch = min(
                min(each.recipe.training.batch_size, len(each.train_feed)) for each in trainers
            )
            rows = torch.arange(self._batch, device=trainers[0].device)
            inputs = [member.inputs(rows, augmented=False) for member in self.members]
            return StackedLosses(trainers, inputs)
        except (RuntimeError, ValueError) as error:
            # Shapes that differ, operations that cannot be batched, or too little memory.
            raise NotStackable(str(error)) from error

    def make(self) -> bool:
        """Make the steps; return whether the batches are of the size of the stack."""
        batches = [member.rows for member in self.members if member.rows is not None]
        if self._losses is None or any(len(rows) != self._batch for rows in batches):
            return False
        try:
            self._step(torch.stack(batches).to(self._device))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            self._losses = None
            return False
        return True

    def _learn(self, rows: Tensor) -> None:
        assert self._losses
        inputs = [
            member.inputs(each) for member, each in zip(self.members, rows.unbind(), strict=True)
        ]
        for member, values in zip(self.members, self._losses(inputs), strict=True):
            member.learn(values)
