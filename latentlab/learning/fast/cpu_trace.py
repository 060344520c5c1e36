"""The losses of a batch and their gradient as one list of operations, recorded once.

Between the operations of a small model's step lies more Python, autograd and autocast than the
operations themselves take on a CPU. All of that does the same for every batch, so it is done once;
what is left are the operations, and their numbers are the same to the last bit.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, fx, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import functional_call
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.passes.fake_tensor_prop import FakeTensorProp

if TYPE_CHECKING:
    from collections.abc import Callable

    from latentlab.learning.batch_loss import Inputs, Numbers
    from latentlab.learning.objectives import Objective

    Shapes = tuple[torch.Size | None, ...]

log = logging.getLogger(__name__)
ops = torch.ops.aten
SAME = (ops.alias.default, ops.detach.default)
"""Operations that return what they are given; autograd leaves many behind."""
EAGER_STEPS_BEFORE_TRACE = 400
"""Eager steps before one is recorded: that takes as long as hundreds of small ones."""
STEPS_BEFORE_SLOW_TRACE, SECONDS_BEFORE_SLOW_TRACE = 20, 5.0
"""Steps and seconds after which it is recorded all the same: steps so large soon pay for it."""

# Torch's interpreter makes a progress bar that it does not show, but whose thread never ends.
torch.hub.tqdm.monitor_interval = 0  # type: ignore[attr-defined]


class TracedLosses:
    """Computes losses and their gradient on the CPU, by a recording where there can be one.

    Parameters
    ----------
    losses : nn.Module
        What is to be computed, of what `BatchLosses` takes; must do the same for every batch.
    """

    def __init__(self, losses: nn.Module) -> None:
        self._losses = losses
        self._weights = dict(losses.named_parameters())
        self._made: dict[Shapes, int] = {}
        self._began = time.perf_counter()
        self._recordings: dict[Shapes, _Graph | None] = {}

    def __call__(
        self, objective: Objective, inputs: Inputs, numbers: Numbers
    ) -> dict[str, Tensor] | None:
        """Return ``loss`` and each term per image, and set the gradient of the mean loss.

        None where it must be done eagerly: at first, and with a model that does what no recording
        can hold. The objective must always be the same.
        """
        shapes = tuple(None if each is None else each.shape for each in inputs)
        self._made[shapes] = self._made.get(shapes, 0) + 1
        waited = time.perf_counter() - self._began
        slow = self._made[shapes] > STEPS_BEFORE_SLOW_TRACE and waited > SECONDS_BEFORE_SLOW_TRACE
        if self._made[shapes] <= EAGER_STEPS_BEFORE_TRACE and not slow:
            return None
        if shapes not in self._recordings:
            self._recordings[shapes] = self._record(objective, inputs, numbers)
        recording = self._recordings[shapes]
        if recording is None:
            return None
        values, gradients = recording.play(self._tensors(inputs, numbers))
        for weight, grad in zip(self._weights.values(), gradients, strict=True):
            weight.grad = grad
        return values

    def _tensors(self, inputs: Inputs, numbers: Numbers) -> list[Tensor]:
        given = [each for each in inputs if each is not None]
        # A number would be recorded as it is now; a tensor's value is read at every step.
        changing = [torch.as_tensor(value, dtype=torch.float32) for value in numbers.values()]
        return [*self._weights.values(), *given, *changing]

    def _record(self, objective: Objective, inputs: Inputs, numbers: Numbers) -> _Graph | None:
        names: list[str] = []

        def learn(*tensors: Tensor) -> list[Tensor | None]:
            left = list(tensors)
            weights = {name: left.pop(0).detach().requires_grad_() for name in self._weights}
            batch = tuple(None if each is None else left.pop(0) for each in inputs)
            told = dict(zip(numbers, left, strict=True))
            values = functional_call(self._losses, weights, (objective, batch, told))
            names[:] = values
            share = torch.full_like(values["loss"], 1 / len(inputs[0]))
            gradients = torch.autograd.grad(
                values["loss"], tuple(weights.values()), share, allow_unused=True
            )
            laid = map(_laid_as, gradients, weights.values())
            return [*(value.detach() for value in values.values()), *laid]

        # Nothing is computed or drawn meanwhile, but small buffers do count it.
        before = [(buffer, buffer.clone()) for buffer in self._losses.buffers()]
        try:
            return _Graph(_recorded(learn, self._tensors(inputs, numbers)), names)
        except Exception as error:
            # A model of the user's own may look at its numbers, or call what torch cannot follow.
            log.warning("The training step cannot be traced, and runs eagerly: %s", error)
            return None
        finally:
            for buffer, value in before:
                buffer.copy_(value)


def _laid_as(grad: Tensor | None, weight: Tensor) -> Tensor | None:
    """Return a gradient with the memory layout of its weight, which Adam's kernel assumes.

    Autograd sees to it where it sets gradients itself; a convolution's may have channels last.
    """
    if grad is None or grad.stride() == weight.stride():
        return grad
    return torch.empty_like(weight).copy_(grad)


class _Graph:
    """What to do for batches of one shape."""

    def __init__(self, graph: fx.GraphModule, names: list[str]) -> None:
        self._graph = graph
        self._names = names

    @torch.no_grad()
    def play(self, tensors: list[Tensor]) -> tuple[dict[str, Tensor], list[Tensor | None]]:
        """Return losses per image, and the gradient of each weight."""
        made = self._graph(*tensors)
        return dict(zip(self._names, made, strict=False)), made[len(self._names) :]


def _recorded(function: Callable[..., Any], tensors: list[Tensor]) -> fx.GraphModule:
    graph = make_fx(function, tracing_mode="fake", _allow_non_fake_inputs=True)(*tensors)
    for node in graph.graph.nodes:
        _fold_noops(node)
    graph.graph.eliminate_dead_code()
    for node in graph.graph.nodes:
        _use_fast_ops(node)
    graph.recompile()
    # An operation that is not called alike by its other name would say so here.
    FakeTensorProp(graph, FakeTensorMode(allow_non_fake_inputs=True)).propagate(*tensors)
    return graph


def _fold_noops(node: fx.Node) -> None:
    """Pass by an operation that gives back what there is already."""
    if not node.all_input_nodes:
        return
    before = node.all_input_nodes[0]
    if node.target in SAME:
        node.replace_all_uses_with(before)
    elif node.target is before.target is ops.t.default:
        node.replace_all_uses_with(before.all_input_nodes[0])
    elif node.target is before.target is ops.view.default:
        node.replace_input_with(before, before.all_input_nodes[0])


def _use_fast_ops(node: fx.Node) -> None:
    """Name the same operation as Python code calls it: that takes half as long to begin."""
    if not isinstance(node.target, torch._ops.OpOverload):
        return
    if node.target is ops._to_copy.default and "dtype" in node.kwargs:
        kept = ("dtype", "memory_format")
        node.target = torch.Tensor.to
        node.kwargs = {name: node.kwargs[name] for name in kept if name in node.kwargs}
        return
    name = node.target._schema.name.partition("::")[2]
    for home in (torch._C._VariableFunctions, torch._C.TensorBase):
        if hasattr(home, name):
            node.target = getattr(home, name)
            return
