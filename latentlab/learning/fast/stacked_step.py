"""One step of several runs at once: images, losses, gradients and optimizers, captured on CUDA."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch

from latentlab.errors import is_out_of_memory
from latentlab.learning.fast.cuda_graph import CudaGraphStep
from latentlab.learning.fast.stacked_losses import (
    NotStackable,
    StackedLosses,
    each_of,
    stack_weights,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from latentlab.learning.batch_loss import Inputs
    from latentlab.learning.fast.stack import Member
    from latentlab.learning.trainer import Trainer

log = logging.getLogger(__name__)


class StackedStep:
    """A step of some members at once, on their stacked weights.

    Parameters
    ----------
    members : sequence of Member
        Runners that wait for a step.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = tuple(members)
        self._trainers = [member.trainer for member in members]
        self._device = self._trainers[0].device
        self._batch = min(_batch_size(trainer) for trainer in self._trainers)
        self._offsets = _offsets(members)
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
        return self.members == tuple(members) and self._offsets == _offsets(members)

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
                member.trainer.clip_gradients()
        for optimizer, members in self._optimizers:
            _optimize(optimizer, members)
        for member, own in zip(self.members, sums, strict=True):
            if not member.error:
                member.trainer.update_average()
                member.trainer.meter.add_sums(names, own)


def _offsets(members: Sequence[Member]) -> list[int]:
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
