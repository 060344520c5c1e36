"""Losses and gradients of several models as one list of operations on stacked tensors.

A small model leaves most of a GPU idle: its step is as many kernels as that of a large one. The
step of one model is traced, `torch.func.vmap` makes it that of all, and each product of a layer
becomes one batched product.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch
from torch import Tensor, fx
from torch.func import vmap

from latentlab.learning.fast.trace import (
    TracedStep,
    tensors_of,
    trace,
    trace_gradients,
    use_fast_operations,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from latentlab.learning.batch_loss import Inputs
    from latentlab.learning.trainer import Trainer

ops = torch.ops.aten
CONVOLUTIONS = (ops.convolution.default, ops.convolution_backward.default)
EMPTY = ("aten::empty", "aten::empty_like", "aten::new_empty")


class NotStackable(Exception):
    """The models cannot be stacked; the text says why."""


class Draw(NamedTuple):
    """Random numbers that a step draws, in place in an empty tensor."""

    operation: Callable[..., Tensor]
    arguments: tuple[Any, ...]
    shape: tuple[int, ...]
    dtype: torch.dtype
    source: int
    """Position of the generator among those of the trainer."""


class StackedLosses:
    """Computes losses and gradients of same-shaped models at once.

    Parameters
    ----------
    trainers : sequence of Trainer
        Trainers of the models.
    inputs : tuple
        Their batches, stacked; only the shapes matter.

    Raises
    ------
    NotStackable
        If the steps of the models are not the same operations, but for scheduled values.
    """

    def __init__(self, trainers: Sequence[Trainer], inputs: Inputs) -> None:
        self._trainers = trainers
        self._weights = [*zip(*(trainer.losses.parameters() for trainer in trainers), strict=True)]
        each = [_lift(trainer, each_of(inputs, i)) for i, trainer in enumerate(trainers)]
        if problem := _difference(each):
            raise NotStackable(problem)
        (traced, self._draws), *_ = each
        self.names = traced.names
        self._has_gradient = [out is not None for out in _outputs(traced.graph)]
        tensors = [*self._tensors(inputs), *self._empty()]
        self._graph = trace(vmap(_without_none(traced.graph)), tensors)
        _add_bias_in_products(self._graph)
        use_fast_operations(self._graph, tensors)

    def __call__(self, inputs: Inputs) -> Tensor:
        """Return the losses per image, (N, T, B) for N models, and set the gradients of their mean.

        The T losses are those of `names`.
        """
        with torch.no_grad():
            made = iter(self._graph(*self._tensors(inputs), *self._drawn()))
            found = [next(made) if has else None for has in self._has_gradient]
        values, gradients = found[: len(self.names)], found[len(self.names) :]
        for weights, grads in zip(self._weights, gradients, strict=True):
            # An optimizer's kernel assumes that a gradient lies in memory as its weight does.
            parts = [None] * len(weights) if grads is None else [*grads.contiguous()]
            for weight, grad in zip(weights, parts, strict=True):
                weight.grad = grad
        return torch.stack([value for value in values if value is not None], 1)

    def _tensors(self, inputs: Inputs) -> list[Tensor]:
        weights = [_base_of(one) for one in self._weights]
        numbers = [tensors_of([], (), trainer.numbers) for trainer in self._trainers]
        given = [each for each in inputs if each is not None]
        return [*weights, *given, *(torch.stack(one) for one in zip(*numbers, strict=True))]

    def _empty(self) -> list[Tensor]:
        count, device = len(self._trainers), self._trainers[0].device
        return [
            torch.empty(count, *draw.shape, dtype=draw.dtype, device=device) for draw in self._draws
        ]

    def _drawn(self) -> list[Tensor]:
        """Return the random numbers of all models, each from the generators of its own run."""
        drawn = self._empty()
        for i, trainer in enumerate(self._trainers):
            generators = _generators(trainer)
            for numbers, draw in zip(drawn, self._draws, strict=True):
                draw.operation(numbers[i], *draw.arguments, generator=generators[draw.source])
        return drawn


def each_of(inputs: Inputs, index: int) -> Inputs:
    """Return one model's part of stacked inputs."""
    x, y, known = (None if each is None else each[index] for each in inputs)
    assert x is not None
    return x, y, known


def stack_weights(trainers: Sequence[Trainer]) -> None:
    """Move the weights of the models into common tensors, of which each keeps its part."""
    for weights in zip(*(trainer.losses.parameters() for trainer in trainers), strict=True):
        if len({each.shape for each in weights}) > 1:
            raise NotStackable("their layers have different sizes")
        for weight, part in zip(weights, torch.stack([*weights]).detach().unbind(), strict=True):
            weight.data = part


def _base_of(weights: Sequence[Tensor]) -> Tensor:
    """Return the common tensor of weights that `stack_weights` has moved, without a copy."""
    first = weights[0].detach()
    return first.as_strided((len(weights), *first.shape), (first.numel(), *first.stride()))


def _generators(trainer: Trainer) -> tuple[torch.Generator, ...]:
    return trainer.noise.generator, trainer.rng


def _lift(trainer: Trainer, inputs: Inputs) -> tuple[TracedStep, tuple[Draw, ...]]:
    """Trace the step of one model, with what it draws at random as further inputs."""
    if any(True for _ in trainer.losses.buffers()):
        raise NotStackable("the model has buffers, which a step may change")
    try:
        traced = trace_gradients(trainer.losses, trainer.recipe.objective, inputs, trainer.numbers)
    except Exception as error:
        # A user's model may branch on values, or call functions that torch cannot trace.
        raise NotStackable(str(error)) from error
    old, new = traced.graph, fx.Graph()
    if any(node.target in CONVOLUTIONS for node in old.graph.nodes):
        raise NotStackable("stacked convolutions would be grouped ones, which are slow")
    found = {node: _draw_of(node, trainer, old) for node in old.graph.nodes if _is_random(node)}
    first = [node for node in old.graph.nodes if node.op == "placeholder"]
    copied = {node: new.placeholder(node.name) for node in (*first, *found)}
    for node in old.graph.nodes:
        if node not in copied:
            copied[node] = new.node_copy(node, copied.__getitem__)
    new.eliminate_dead_code()
    return TracedStep(fx.GraphModule(old, new), traced.names), tuple(found.values())


def _is_random(node: fx.Node) -> bool:
    return (
        isinstance(node.target, torch._ops.OpOverload)
        and torch.Tag.nondeterministic_seeded in node.target.tags
    )


def _draw_of(node: fx.Node, trainer: Trainer, graph: fx.GraphModule) -> Draw:
    """Return what a random operation draws; it must fill an empty tensor from a known generator."""
    into, generator = node.args[0], node.kwargs.get("generator")
    if isinstance(generator, fx.Node):
        generator = getattr(graph, str(generator.target))
    known = [_address(each) for each in _generators(trainer)]
    if not _is_empty(into) or _address(generator) not in known:
        raise NotStackable(f"{node.target} does not draw from the generator of the run")
    value = node.meta["val"]
    source = known.index(_address(generator))
    return Draw(cast("Any", node.target), node.args[1:], tuple(value.shape), value.dtype, source)


def _address(generator: object) -> int | None:
    """Return the address of a generator, of which torch makes a new object at each access."""
    return getattr(generator, "_cdata", None)


def _is_empty(node: object) -> bool:
    """Return whether a node is a new tensor that nothing else uses."""
    if not isinstance(node, fx.Node) or len(node.users) > 1:
        return False
    schema = getattr(node.target, "_schema", None)
    return schema is not None and schema.name in EMPTY


def _outputs(graph: fx.GraphModule) -> tuple[fx.Node | None, ...]:
    (output,) = (node for node in graph.graph.nodes if node.op == "output")
    return tuple(output.args[0])


def _without_none(graph: fx.GraphModule) -> Any:
    """Return the graph as a function whose results are all tensors, as `vmap` requires."""
    return lambda *tensors: tuple(each for each in graph(*tensors) if each is not None)


def _add_bias_in_products(graph: fx.GraphModule) -> None:
    """Let each batched product add its bias, as that of one model does: in bf16, it rounds once.

    ``vmap`` takes a product with a bias apart: it multiplies the bias by 1, and adds it afterwards.
    """
    for node in graph.graph.nodes:
        if node.target is not ops.add.Tensor:
            continue
        bias = _behind(node.args[0], ops.view.default, ops.mul.Scalar)
        product = _behind(node.args[1], ops._unsafe_view.default)
        if bias is None or product is None or product.target is not ops.bmm.default:
            continue
        with graph.graph.inserting_before(node):
            row = graph.graph.call_function(ops.unsqueeze.default, (bias, 1))
            made = graph.graph.call_function(ops.baddbmm.default, (row, *product.args))
        node.replace_all_uses_with(made)
    graph.graph.eliminate_dead_code()
    graph.recompile()


def _behind(node: Any, *operations: object) -> fx.Node | None:
    """Return the input of some operations, of which nothing else uses a result; else None."""
    for operation in operations:
        if not isinstance(node, fx.Node) or node.target is not operation or len(node.users) > 1:
            return None
        if operation is ops.mul.Scalar and node.args[1] != 1:
            return None
        node = node.args[0]
    return node if isinstance(node, fx.Node) else None


def _difference(each: Sequence[tuple[TracedStep, tuple[Draw, ...]]]) -> str:
    """Return in what the steps of some models differ; empty if they are the same operations."""
    (first, draws), *others = each
    for other, drawn in others:
        if other.names != first.names or other.graph.code != first.graph.code or drawn != draws:
            return "their steps are different operations"
        for one, two in zip(_constants(first.graph), _constants(other.graph), strict=True):
            if one.shape != two.shape or not torch.equal(one, two):
                return "their steps have different constants"
    return ""


def _constants(graph: fx.GraphModule) -> list[Tensor]:
    names = [node.target for node in graph.graph.nodes if node.op == "get_attr"]
    found = [getattr(graph, str(name)) for name in names]
    return [value for value in found if isinstance(value, Tensor)]
