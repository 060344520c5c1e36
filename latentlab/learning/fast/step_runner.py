"""Step runners: eager, from a trace on the CPU, or as a CUDA graph.

All three make the same steps, on the CPU to the last bit. The trainer uses them through
`StepRunner` only. A fourth makes the steps of several runs at once; see `Stack`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, override

import torch

from latentlab.learning.batch_loss import check_finite
from latentlab.learning.fast.cpu_trace import TracedLosses
from latentlab.learning.fast.cuda_graph import CudaGraphStep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from latentlab.learning.batch_loss import Inputs
    from latentlab.learning.trainer import Trainer


class StepRunner(Protocol):
    """Runs training steps."""

    def steps(self, batches: Sequence[Tensor]) -> Iterator[bool]:
        """Make a step with each batch of rows, count it, and yield True.

        A runner that waits for the steps of other runs yields False meanwhile.
        """


class Eager:
    """Runs each operation in Python; the other runners fall back to it.

    Parameters
    ----------
    trainer : Trainer
        Trainer of the steps.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer

    def steps(self, batches: Sequence[Tensor]) -> Iterator[bool]:
        """See `StepRunner.steps`."""
        for inputs, batch_size in self._trainer.load(batches):
            self._trainer.begin_step(batch_size)
            augmented = self._trainer.augmented(inputs)
            self._trainer.learn(self._gradients(augmented, batch_size))
            self._trainer.count(len(inputs[0]))
            yield True

    def _gradients(self, inputs: Inputs, batch_size: int) -> dict[str, Tensor]:
        return self._trainer.gradients(inputs, batch_size)


class CpuTrace(Eager):
    """Computes losses and gradients on the CPU from a trace; see `TracedLosses`.

    Measured gain: 1.08 to 1.14 times the steps per second of `Eager`, for MLPs of one or two
    hidden layers and batches of 128 digits on 2 cores.
    """

    def __init__(self, trainer: Trainer) -> None:
        super().__init__(trainer)
        self._traced = TracedLosses(trainer.losses)

    @override
    def _gradients(self, inputs: Inputs, batch_size: int) -> dict[str, Tensor]:
        trainer = self._trainer
        values = self._traced(trainer.recipe.objective, inputs, trainer.numbers)
        if values is None:
            return super()._gradients(inputs, batch_size)
        check_finite(values)
        return values


class CudaGraph:
    """Replays a complete step on CUDA as one graph; see `CudaGraphStep`.

    The gain has not been measured, because no GPU was available; ``tests/bench/training.py``
    measures it.

    Parameters
    ----------
    trainer : Trainer
        Trainer of the steps; its images must be resident on the device.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._step = CudaGraphStep(self._learn, (trainer.noise.generator, trainer.rng))

    def steps(self, batches: Sequence[Tensor]) -> Iterator[bool]:
        """See `StepRunner.steps`."""
        if not batches:
            return
        order = torch.cat(list(batches)).to(self._trainer.device)
        for rows in order.split(len(batches[0])):
            self._trainer.begin_step(len(rows))
            self._step(rows)
            self._trainer.count(len(rows))
            yield True

    def _learn(self, rows: Tensor) -> None:
        self._trainer.learn_rows(rows)


def make_runner(trainer: Trainer) -> StepRunner:
    """Return the fastest runner for the steps of a trainer."""
    if trainer.team.size > 1:
        return Eager(trainer)
    if trainer.device.type == "cuda" and trainer.train_feed.resident:
        return CudaGraph(trainer)
    # A trace does not fit buffers that change with every step, as those of batch norm.
    if trainer.device.type == "cpu" and not any(True for _ in trainer.model.buffers()):
        return CpuTrace(trainer)
    return Eager(trainer)
