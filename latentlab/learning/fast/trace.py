"""The losses of a batch and their gradients as one list of torch's operations."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, fx, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import functional_call
from torch.fx.experimental.proxy_tensor import make_fx

from latentlab.learning.batch_loss import minimized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from latentlab.learning.batch_loss import Inputs, Numbers
    from latentlab.learning.objectives.objective import Objective

ops = torch.ops.aten
NOOPS = (ops.alias.default, ops.detach.default)
"""Operations that return their input; autograd leaves many of them."""


class TracedStep(NamedTuple):
    """TracedStep losses and gradients.

    Parameters
    ----------
    graph : fx.GraphModule
        Takes the `tensors_of` a batch; returns each loss per image, with shape (B,), then the
        gradient of the mean loss for each weight, or None.
    names : tuple of str
        Names of the losses.
    """

    graph: fx.GraphModule
    names: tuple[str, ...]


def tensors_of(
    weights: Sequence[Tensor], inputs: Sequence[Tensor | None], numbers: Numbers
) -> list[Tensor]:
    """Return what changes from step to step: weights, images and scheduled values."""
    given = [each for each in inputs if each is not None]
    # A number would become a constant of the trace; a tensor is read at every step.
    changing = [torch.as_tensor(value, dtype=torch.float32) for value in numbers.values()]
    return [*weights, *given, *changing]


def trace_gradients(
    losses: nn.Module, objective: Objective, inputs: Inputs, numbers: Numbers
) -> TracedStep:
    """Trace losses and gradients; nothing is computed or drawn. See also `unchanged_buffers`.

    Parameters
    ----------
    losses : nn.Module
        Module with the inputs of `LossModule`; must do the same for every batch.

    Raises
    ------
    Exception
        If torch cannot trace a function, or the model branches on values.
    """
    weights = dict(losses.named_parameters())
    names: list[str] = []

    def learn(*tensors: Tensor) -> list[Tensor | None]:
        remaining = list(tensors)
        own = {name: remaining.pop(0).detach().requires_grad_() for name in weights}
        batch = tuple(None if each is None else remaining.pop(0) for each in inputs)
        scheduled = dict(zip(numbers, remaining, strict=True))
        values = functional_call(losses, own, (objective, batch, scheduled))
        names[:] = values
        share = torch.full_like(values["loss"], 1 / len(inputs[0]))
        gradients = torch.autograd.grad(
            minimized(values), tuple(own.values()), share, allow_unused=True
        )
        aligned = map(_match_layout, gradients, own.values())
        return [*(value.detach() for value in values.values()), *aligned]

    graph = trace(learn, tensors_of([*weights.values()], inputs, numbers))
    return TracedStep(graph, tuple(names))


@contextmanager
def unchanged_buffers(module: nn.Module) -> Iterator[None]:
    """Restore buffers: a trace computes and draws nothing, but it does update small ones."""
    before = [(buffer, buffer.clone()) for buffer in module.buffers()]
    try:
        yield
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


def trace(function: Callable[..., Any], tensors: Sequence[Tensor]) -> fx.GraphModule:
    """Return the operations of a function, without those that do nothing."""
    graph = make_fx(function, tracing_mode="fake", _allow_non_fake_inputs=True)(*tensors)
    for node in graph.graph.nodes:
        _fold_noops(node)
    graph.graph.eliminate_dead_code()
    graph.recompile()
    return graph


def use_fast_operations(graph: fx.GraphModule, tensors: Sequence[Tensor]) -> None:
    """Replace operations by their Python bindings, which take half as long to call."""
    for node in graph.graph.nodes:
        _use_binding(node)
    graph.recompile()
    # Raises an error if a replaced operation takes other arguments. torch's `FakeTensorProp` would
    # make a progress bar, whose lock is shared by forked processes: one that is killed in it would
    # keep all others from ever making a trace.
    with FakeTensorMode(allow_non_fake_inputs=True) as mode, torch.no_grad():
        graph(*map(mode.from_tensor, tensors))


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


def _use_binding(node: fx.Node) -> None:
    if not isinstance(node.target, torch._ops.OpOverload):
        return
    if node.target is ops._to_copy.default and not isinstance(node.args[0], fx.Node):
        return  # a number has no methods
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
