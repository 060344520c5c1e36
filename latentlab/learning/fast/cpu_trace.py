"""Losses of a batch and their gradients as one list of operations, traced once.

On a CPU, Python, autograd and autocast take longer than the operations in the step of a small
model. Their work is the same for every batch, so the operations are traced once and replayed.
The results are equal to the last bit.
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

from latentlab.learning.batch_loss import minimized

if TYPE_CHECKING:
    from collections.abc import Callable

    from latentlab.learning.batch_loss import Inputs, Numbers
    from latentlab.learning.objectives.objective import Objective

    Shapes = tuple[torch.Size | None, ...]

log = logging.getLogger(__name__)
ops = torch.ops.aten
NOOPS = (ops.alias.default, ops.detach.default)
"""Operations that return their input; autograd leaves many of them."""
EAGER_STEPS_BEFORE_TRACE = 400
"""Eager steps before a trace, which takes as long as hundreds of small steps."""
STEPS_BEFORE_SLOW_TRACE, SECONDS_BEFORE_SLOW_TRACE = 20, 5.0
"""Steps and seconds after which slow steps are traced: there a trace soon pays off."""

# torch's interpreter creates a hidden progress bar, whose thread never ends.
torch.hub.tqdm.monitor_interval = 0  # type: ignore[attr-defined]


class TracedLosses:
    """Computes losses and their gradients on the CPU, from a trace if there is one.

    Parameters
    ----------
    losses : nn.Module
        Module with the inputs of `LossModule`; must do the same for every batch.
    """

    def __init__(self, losses: nn.Module) -> None:
        self._losses = losses
        self._weights = dict(losses.named_parameters())
        self._steps: dict[Shapes, int] = {}
        self._began = time.perf_counter()
        self._graphs: dict[Shapes, _Graph | None] = {}

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
        graph = self._graphs[shapes]
        if graph is None:
            return None
        values, gradients = graph.play(self._tensors(inputs, numbers))
        for weight, grad in zip(self._weights.values(), gradients, strict=True):
            weight.grad = grad
        return values

    def _tensors(self, inputs: Inputs, numbers: Numbers) -> list[Tensor]:
        given = [each for each in inputs if each is not None]
        # A number would become a constant of the trace; a tensor is read at every step.
        changing = [torch.as_tensor(value, dtype=torch.float32) for value in numbers.values()]
        return [*self._weights.values(), *given, *changing]

    def _trace(self, objective: Objective, inputs: Inputs, numbers: Numbers) -> _Graph | None:
        names: list[str] = []

        def learn(*tensors: Tensor) -> list[Tensor | None]:
            remaining = list(tensors)
            weights = {name: remaining.pop(0).detach().requires_grad_() for name in self._weights}
            batch = tuple(None if each is None else remaining.pop(0) for each in inputs)
            scheduled = dict(zip(numbers, remaining, strict=True))
            values = functional_call(self._losses, weights, (objective, batch, scheduled))
            names[:] = values
            share = torch.full_like(values["loss"], 1 / len(inputs[0]))
            gradients = torch.autograd.grad(
                minimized(values), tuple(weights.values()), share, allow_unused=True
            )
            aligned = map(_match_layout, gradients, weights.values())
            return [*(value.detach() for value in values.values()), *aligned]

        # Tracing computes and draws nothing, but it does update small buffers.
        before = [(buffer, buffer.clone()) for buffer in self._losses.buffers()]
        try:
            return _Graph(_trace_graph(learn, self._tensors(inputs, numbers)), names)
        except Exception as error:
            # A user's model may branch on values, or call functions that torch cannot trace.
            log.warning("The training step cannot be traced, and runs eagerly: %s", error)
            return None
        finally:
            for buffer, value in before:
                buffer.copy_(value)


def _match_layout(grad: Tensor | None, weight: Tensor) -> Tensor | None:
    """Return a gradient with the memory layout of its weight, which Adam's kernel assumes.

    Autograd ensures this if it sets gradients; that of a convolution may have channels last.
    """
    if grad is None or grad.stride() == weight.stride():
        return grad
    return torch.empty_like(weight).copy_(grad)


class _Graph:
    """Traced operations for batches of one shape."""

    def __init__(self, graph: fx.GraphModule, names: list[str]) -> None:
        self._graph = graph
        self._names = names

    @torch.no_grad()
    def play(self, tensors: list[Tensor]) -> tuple[dict[str, Tensor], list[Tensor | None]]:
        """Return losses per image, and the gradient of each weight."""
        made = self._graph(*tensors)
        return dict(zip(self._names, made, strict=False)), made[len(self._names) :]


def _trace_graph(function: Callable[..., Any], tensors: list[Tensor]) -> fx.GraphModule:
    graph = make_fx(function, tracing_mode="fake", _allow_non_fake_inputs=True)(*tensors)
    for node in graph.graph.nodes:
        _fold_noops(node)
    graph.graph.eliminate_dead_code()
    for node in graph.graph.nodes:
        _use_fast_ops(node)
    graph.recompile()
    # Raises an error if a replaced operation takes other arguments.
    FakeTensorProp(graph, FakeTensorMode(allow_non_fake_inputs=True)).propagate(*tensors)
    return graph


def _fold_noops(node: fx.Node) -> None:
    """Bypass an operation that returns an existing tensor."""
    if not node.all_input_nodes:
        return
    before = node.all_input_nodes[0]
    if node.target in NOOPS:
        node.replace_all_uses_with(before)
    elif node.target is before.target is ops.t.default:
        node.replace_all_uses_with(before.all_input_nodes[0])
    elif node.target is before.target is ops.view.default:
        node.replace_input_with(before, before.all_input_nodes[0])


def _use_fast_ops(node: fx.Node) -> None:
    """Replace an operation by its Python binding, which takes half as long to call."""
    if not isinstance(node.target, torch._ops.OpOverload):
        return
    if node.target is ops._to_copy.default and "dtype" in node.kwargs:
        kept = ("dtype", "memory_format")
        node.target = torch.Tensor.to
        node.kwargs = {name: node.kwargs[name] for name in kept if name in node.kwargs}
        return
    name = node.target._schema.name.partition("::")[2]
    for namespace in (torch._C._VariableFunctions, torch._C.TensorBase):
        if hasattr(namespace, name):
            node.target = getattr(namespace, name)
            return
