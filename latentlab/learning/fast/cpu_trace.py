"""Losses of a batch and their gradients as one list of operations, traced once.

On a CPU, Python, autograd and autocast take longer than the operations in the step of a small
model. Their work is the same for every batch, so the operations are traced once and replayed.
The results are equal to the last bit.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import torch

from latentlab.learning.fast.trace import (
    TracedStep,
    tensors_of,
    trace_gradients,
    unchanged_buffers,
    use_fast_operations,
)

if TYPE_CHECKING:
    from torch import Tensor, nn

    from latentlab.learning.batch_loss import Inputs, Numbers
    from latentlab.learning.objectives.objective import Objective

    Shapes = tuple[torch.Size | None, ...]

log = logging.getLogger(__name__)
EAGER_STEPS_BEFORE_TRACE = 400
"""Eager steps before a trace, which takes as long as hundreds of small steps."""
STEPS_BEFORE_SLOW_TRACE, SECONDS_BEFORE_SLOW_TRACE = 20, 5.0
"""Steps and seconds after which slow steps are traced: there a trace soon pays off."""


class TracedLosses:
    """Computes losses and their gradients on the CPU, from a trace if there is one.

    Parameters
    ----------
    losses : nn.Module
        Module with the inputs of `LossModule`; must do the same for every batch.
    """

    def __init__(self, losses: nn.Module) -> None:
        self._losses = losses
        self._weights = list(losses.parameters())
        self._steps: dict[Shapes, int] = {}
        self._began = time.perf_counter()
        self._graphs: dict[Shapes, TracedStep | None] = {}

    def __call__(
        self, objective: Objective, inputs: Inputs, numbers: Numbers
    ) -> dict[str, Tensor] | None:
        """Return ``loss`` and each term per image, and set the gradients of the mean loss.

        Return None if the step must run eagerly: at first, and if the model cannot be traced.
        The objective must always be the same.
        """
        shapes = tuple(None if each is None else each.shape for each in inputs)
        self._steps[shapes] = self._steps.get(shapes, 0) + 1
        waited = time.perf_counter() - self._began
        slow = self._steps[shapes] > STEPS_BEFORE_SLOW_TRACE and waited > SECONDS_BEFORE_SLOW_TRACE
        if self._steps[shapes] <= EAGER_STEPS_BEFORE_TRACE and not slow:
            return None
        if shapes not in self._graphs:
            self._graphs[shapes] = self._trace(objective, inputs, numbers)
        traced = self._graphs[shapes]
        if traced is None:
            return None
        with torch.no_grad():
            made = traced.graph(*tensors_of(self._weights, inputs, numbers))
        for weight, grad in zip(self._weights, made[len(traced.names) :], strict=True):
            weight.grad = grad
        return dict(zip(traced.names, made, strict=False))

    def _trace(self, objective: Objective, inputs: Inputs, numbers: Numbers) -> TracedStep | None:
        try:
            with unchanged_buffers(self._losses):
                traced = trace_gradients(self._losses, objective, inputs, numbers)
                use_fast_operations(traced.graph, tensors_of(self._weights, inputs, numbers))
        except Exception as error:
            # A user's model may branch on values, or call functions that torch cannot trace.
            log.warning("The training step cannot be traced, and runs eagerly: %s", error)
            return None
        return traced
