"""Several runs whose steps are made at once; see `StackedLosses`.

Each run keeps its trainer, with its own order of the images, random generators, schedules and
optimizer, and is validated, saved and stopped alone. It only waits, at each step, for the others.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from latentlab.data.binarize import read_binarized
from latentlab.errors import TrainingError, is_out_of_memory
from latentlab.learning.batch_loss import check_finite
from latentlab.learning.fast.cuda_graph import CudaGraphStep
from latentlab.learning.fast.stacked_losses import (
    NotStackable,
    StackedLosses,
    each_of,
    stack_weights,
)
from latentlab.learning.fast.step_runner import make_runner
from latentlab.learning.loader import make_loader
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from torch import Tensor

    from latentlab.data.data_set import DataConfig
    from latentlab.data.image_set import ImageSet
    from latentlab.data.parts import Splits
    from latentlab.learning.batch_loss import Inputs
    from latentlab.learning.fast.step_runner import StepRunner
    from latentlab.learning.loader import Loader
    from latentlab.learning.trainer import Trainer

log = logging.getLogger(__name__)


class Stack:
    """Makes the steps of some runs, once all of them wait for theirs."""

    def __init__(self) -> None:
        self._members: list[Member] = []
        self._formation: _Formation | None = None
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
        if self._formation is None or not self._formation.fits(waiting):
            self._break_up()
            self._formation = _Formation(waiting)
        return self._formation.make()

    def _break_up(self) -> None:
        """Free what the formation holds; its step refers to itself."""
        if self._formation:
            self._formation.break_up()
            self._formation = None


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


class _Formation:
    """The stacked weights of some members, and the steps that are made with them."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = tuple(members)
        self._trainers = [member.trainer for member in members]
        self._device = self._trainers[0].device
        self._batch = min(_batch_size(trainer) for trainer in self._trainers)
        self._lags = _lags(members)
        self._losses: StackedLosses | None = None
        try:
            self._losses = self._stack()
        except NotStackable as reason:
            log.warning("The runs are not trained together: %s", reason)
        for member in members:
            member.moved()
        self._optimizers = _common_optimizers(members)
        generators = [each for t in self._trainers for each in (t.noise.generator, t.rng)]
        is_cuda = self._device.type == "cuda"
        self._step: Callable[[Tensor], None] | None = (
            CudaGraphStep(self._learn, tuple(generators)) if is_cuda else self._learn
        )

    def _stack(self) -> StackedLosses:
        if len({(trainer.precision, trainer.device) for trainer in self._trainers}) > 1:
            raise NotStackable("they compute in different precisions or on different devices")
        try:
            stack_weights(self._trainers)
            rows = torch.arange(self._batch, device=self._device)
            return StackedLosses(self._trainers, self._inputs(rows.repeat(len(self.members), 1)))
        except NotStackable:
            raise
        except Exception as error:
            # Operations that torch cannot batch, such as those of a user's model, or no memory.
            raise NotStackable(str(error)) from error

    def fits(self, members: Sequence[Member]) -> bool:
        """Return whether it is of these members, and none has made more steps than the others."""
        return self.members == tuple(members) and self._lags == _lags(members)

    def break_up(self) -> None:
        """Free the memory of the step, and the common tensors with the weights' next move."""
        self._step = None
        self._losses = None

    def make(self) -> bool:
        """Make the steps; return False if the batches do not have the size of the stack."""
        batches = [member.rows for member in self.members if member.rows is not None]
        if (
            self._losses is None
            or self._step is None
            or any(len(rows) != self._batch for rows in batches)
        ):
            return False
        try:
            self._step(torch.stack(batches).to(self._device))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            self._losses = None
            return False
        for member in self.members:
            if not member.error:
                member.trainer.count(self._batch)
        return True

    def _inputs(self, rows: Tensor) -> Inputs:
        """Return stacked batches for rows with shape (N, B), of shared images at once."""
        if len({id(trainer.train_feed) for trainer in self._trainers}) > 1:
            each = [
                member.inputs(one) for member, one in zip(self.members, rows.unbind(), strict=True)
            ]
            return _stacked(each)
        masks = [
            trainer.known(one) for trainer, one in zip(self._trainers, rows.unbind(), strict=True)
        ]
        x, y = self._trainers[0].train_feed.batch(rows.flatten())
        shape = rows.shape
        return (
            x.unflatten(0, shape),
            None if y is None else y.unflatten(0, shape),
            _stack_all(masks),
        )

    def _augmented(self, inputs: Inputs) -> Inputs:
        if not any(trainer.augments for trainer in self._trainers):
            return inputs
        each = [trainer.augmented(each_of(inputs, i)) for i, trainer in enumerate(self._trainers)]
        return _stacked(each)

    def _learn(self, rows: Tensor) -> None:
        assert self._losses
        values = self._losses(self._augmented(self._inputs(rows)))
        names, sums = self._losses.names, values.sum(2)
        for i, member in enumerate(self.members):
            if member.is_finite(names, values[i]):
                member.trainer.clip()
        for optimizer, members in self._optimizers:
            _optimize(optimizer, members)
        for member, own in zip(self.members, sums, strict=True):
            if not member.error:
                member.trainer.follow()
                member.trainer.meter.add_sums(names, own)


def _lags(members: Sequence[Member]) -> list[int]:
    """Return the steps by which each is ahead of the first; schedules depend on them."""
    first, *_ = (member.trainer.step_count for member in members)
    return [member.trainer.step_count - first for member in members]


def _batch_size(trainer: Trainer) -> int:
    return min(trainer.recipe.training.batch_size, len(trainer.train_feed))


def _stacked(inputs: Sequence[Inputs]) -> Inputs:
    x, y, known = (_stack_all(each) for each in zip(*inputs, strict=True))
    assert x is not None
    return x, y, known


def _stack_all(tensors: Sequence[Tensor | None]) -> Tensor | None:
    """Return a stack of tensors; None if one is None, as all are then."""
    given = [each for each in tensors if each is not None]
    return torch.stack(given) if len(given) == len(tensors) else None


def _common_optimizers(
    members: Sequence[Member],
) -> list[tuple[torch.optim.Optimizer, list[Member]]]:
    """Return an optimizer for all members with the same settings of it, whose state they share."""
    groups: dict[str, list[Member]] = {}
    for member in members:
        training = member.trainer.recipe.training
        settings = training.optimizer, training.learning_rate, training.schedule
        groups.setdefault(f"{settings!r} {member.trainer.epochs}", []).append(member)
    return [(_common_optimizer(group), group) for group in groups.values()]


def _common_optimizer(members: Sequence[Member]) -> torch.optim.Optimizer:
    if len(members) == 1:
        return members[0].trainer.optimizer
    trainers = [member.trainer for member in members]
    common = trainers[0].make_optimizer([each for one in trainers for each in one.weights])
    for trainer in trainers:
        for weight in trainer.weights:
            common.state[weight] = trainer.optimizer.state[weight]
    return common


def _optimize(optimizer: torch.optim.Optimizer, members: Sequence[Member]) -> None:
    """Update the weights of the members without an error, by their common optimizer."""
    able = [member.trainer.optimizer for member in members if not member.error]
    if len(able) < len(members):
        for own in able:
            own.step()
        return
    # The schedule of the first sets the rate of all; on CUDA it is always in the same tensor.
    optimizer.param_groups[0]["lr"] = able[0].param_groups[0]["lr"]
    optimizer.step()
