"""Layers of `sequential`, each written as one line of text such as ``conv 32 kernel=4 stride=2``.

A layer is planned first, from the shape of its input, and made later: a plan needs no memory, so
absurd sizes are refused before weights are allocated.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import override

import torch
from torch import Tensor, nn

from latentlab.models.label import one_hot
from latentlab.models.layers import BatchNorm

MAX_PARAMETERS = 1 << 28
"""Maximum number of weights of a model: 1 GB in fp32."""
MAX_FEATURES = 1 << 24
"""Maximum number of values of one image after a layer."""
MAX_NUMBER = 1 << 24
LOGIT_MARGIN = 1e-6
"""Distance from 0 and 1 to which `Logit` clamps pixels."""
NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,9})?(?:e-?\d{1,2})?")

type Shape = tuple[int, ...]
"""Shape of one image inside the network: (features,) or (channels, height, width)."""


@dataclass(frozen=True, slots=True)
class Context:
    """Sizes that layers refer to by name.

    Parameters
    ----------
    output : tuple of int
        Channels, height and width of the decoder's output: ``channels`` and ``pixels``.
    classes : int
        Number of classes of the images; 0 without labels.
    """

    output: tuple[int, int, int]
    classes: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A layer whose sizes are known.

    Parameters
    ----------
    make : callable
        Makes the module, with new random weights.
    shape : tuple of int
        Shape of its output for one image.
    weights : int
        Number of its weights.
    """

    make: Callable[[], nn.Module]
    shape: Shape
    weights: int = 0


type Planner = Callable[..., Plan]
PLANNERS: dict[str, Planner] = {}


def layer(planner: Planner) -> Planner:
    """Register a planner; its name, with hyphens, is the name of the layer."""
    PLANNERS[planner.__name__.strip("_").replace("_", "-")] = planner
    return planner


def plan_layers(lines: Sequence[str], shape: Shape, context: Context) -> list[Plan]:
    """Plan layers, from first to last, for inputs of a shape.

    Raises
    ------
    ValueError
        If a layer is unknown or does not fit its input; names it.
    """
    plans: list[Plan] = []
    for line in lines:
        try:
            plan = _parse(line)(shape, context)
            if min(plan.shape) < 1:
                raise ValueError("nothing of its input is left")
            if math.prod(plan.shape) > MAX_FEATURES:
                raise ValueError(f"more than {MAX_FEATURES:,} values per image")
        except ValueError as error:
            raise ValueError(f"{line!r} on {_sizes(shape)}: {error}") from None
        plans.append(plan)
        shape = plan.shape
        if sum(each.weights for each in plans) > MAX_PARAMETERS:
            raise ValueError(f"{line!r}: more than {MAX_PARAMETERS:,} weights")
    return plans


def check_line(line: str) -> str:
    """Return the text of a layer; raise a `ValueError` if it is not one."""
    _parse(line)
    return " ".join(line.split())


def _parse(line: str) -> Callable[[Shape, Context], Plan]:
    name, *words = line.split() or [""]
    if name not in PLANNERS:
        raise ValueError(f"unknown layer {name[:40]!r} (known: {', '.join(sorted(PLANNERS))})")
    planner = PLANNERS[name]
    values = [_number(word) for word in words if "=" not in word]
    options = {
        key: _number(value)
        for key, _, value in (word.partition("=") for word in words if "=" in word)
    }
    try:
        inspect.signature(planner).bind((), None, *values, **options)
    except TypeError:
        known = [*inspect.signature(planner).parameters][2:]
        raise ValueError(f"{name} takes {', '.join(known) or 'no number'}") from None
    return lambda shape, context: planner(shape, context, *values, **options)


def _number(word: str) -> int | float | str:
    if word in ("pixels", "channels"):
        return word
    if not NUMBER.fullmatch(word):
        raise ValueError(f"{word[:40]!r} is not a number")
    value = float(word)
    if abs(value) > MAX_NUMBER:
        raise ValueError(f"{word} is too large")
    return int(value) if re.fullmatch(r"-?\d+", word) else value


def _sizes(shape: Shape) -> str:
    return "×".join(map(str, shape)) if len(shape) > 1 else f"{shape[0]} features"


def _count(value: float | str, least: int = 1) -> int:
    if not isinstance(value, int) or value < least:
        raise ValueError(f"{value} must be a whole number of at least {least}")
    return value


def _map(shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise ValueError("it needs a map of channels, height and width")
    channels, height, width = shape
    return channels, height, width


# Layers with weights


@layer
def linear(shape: Shape, context: Context, features: int | str, *, bias: int = 1) -> Plan:
    """Plan a fully connected layer, which flattens its input first."""
    inputs = math.prod(shape)
    outputs = math.prod(context.output) if features == "pixels" else _count(features)
    make = partial(FlatLinear, inputs, outputs, bias=bool(bias))
    return Plan(make, (outputs,), outputs * (inputs + bool(bias)))


@layer
def conv(
    shape: Shape,
    context: Context,
    channels: int | str,
    *,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    bias: int = 1,
) -> Plan:
    """Plan a convolution with a square kernel."""
    before, *size = _map(shape)
    outputs = context.output[0] if channels == "channels" else _count(channels)
    k, s, p = _count(kernel), _count(stride), _count(padding, 0)
    height, width = ((side + 2 * p - k) // s + 1 for side in size)
    make = partial(nn.Conv2d, before, outputs, k, s, p, bias=bool(bias))
    return Plan(make, (outputs, height, width), outputs * (before * k * k + bool(bias)))


@layer
def conv_transpose(
    shape: Shape,
    context: Context,
    channels: int | str,
    *,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    bias: int = 1,
) -> Plan:
    """Plan a transposed convolution with a square kernel."""
    before, *size = _map(shape)
    outputs = context.output[0] if channels == "channels" else _count(channels)
    k, s, p, more = _count(kernel), _count(stride), _count(padding, 0), _count(output_padding, 0)
    if more >= s:
        raise ValueError("output_padding must be smaller than stride")
    height, width = ((side - 1) * s - 2 * p + k + more for side in size)
    make = partial(nn.ConvTranspose2d, before, outputs, k, s, p, more, bias=bool(bias))
    return Plan(make, (outputs, height, width), outputs * (before * k * k + bool(bias)))


@layer
def batch_norm(shape: Shape, context: Context) -> Plan:
    """Plan a batch norm of features, or of the channels of a map."""
    return Plan(partial(AnyBatchNorm, shape[0]), shape, 4 * shape[0])


@layer
def group_norm(shape: Shape, context: Context, groups: int) -> Plan:
    """Plan a group norm of the channels of a map."""
    if shape[0] % _count(groups):
        raise ValueError(f"{shape[0]} channels are not {groups} equal groups")
    return Plan(partial(nn.GroupNorm, groups, shape[0]), shape, 2 * shape[0])


@layer
def layer_norm(shape: Shape, context: Context) -> Plan:
    """Plan a layer norm of all values."""
    return Plan(partial(nn.LayerNorm, shape), shape, 2 * math.prod(shape))


@layer
def prelu(shape: Shape, context: Context, parameters: int = 1) -> Plan:
    """Plan a ReLU with learned slopes: one, or one per channel."""
    if _count(parameters) not in (1, shape[0]):
        raise ValueError(f"it has 1 slope or {shape[0]}")
    return Plan(partial(nn.PReLU, parameters), shape, parameters)


# Layers without weights


@layer
def unflatten(shape: Shape, context: Context, channels: int, height: int, width: int) -> Plan:
    """Plan the change from features to a map."""
    size = _count(channels), _count(height), _count(width)
    if math.prod(size) != math.prod(shape):
        raise ValueError(f"{math.prod(shape)} values are not {_sizes(size)}")
    return Plan(partial(Reshape, size), size)


@layer
def flatten(shape: Shape, context: Context) -> Plan:
    """Plan the change from a map to features; linear layers and heads need none."""
    return Plan(nn.Flatten, (math.prod(shape),))


@layer
def upsample(shape: Shape, context: Context, factor: int = 2) -> Plan:
    """Plan a nearest-neighbour upsampling."""
    channels, height, width = _map(shape)
    size = channels, height * _count(factor), width * factor
    return Plan(partial(nn.Upsample, scale_factor=factor, mode="nearest"), size)


@layer
def max_pool(shape: Shape, context: Context, size: int = 2) -> Plan:
    """Plan a max pooling of squares."""
    channels, height, width = _map(shape)
    return Plan(partial(nn.MaxPool2d, size), (channels, height // _count(size), width // size))


@layer
def average_pool(shape: Shape, context: Context, size: int = 2) -> Plan:
    """Plan an average pooling of squares."""
    channels, height, width = _map(shape)
    return Plan(partial(nn.AvgPool2d, size), (channels, height // _count(size), width // size))


@layer
def scale(shape: Shape, context: Context, factor: float, offset: float = 0) -> Plan:
    """Plan a linear change of all values, such as ``scale 2 -1`` from [0, 1] to [-1, 1]."""
    return Plan(partial(Scale, float(factor), float(offset)), shape)


@layer
def logit(shape: Shape, context: Context) -> Plan:
    """Plan the inverse of the sigmoid that a likelihood applies: its input are pixels in [0, 1]."""
    return Plan(Logit, shape)


@layer
def label(shape: Shape, context: Context) -> Plan:
    """Plan the concatenation of the one-hot label, of constant channels for a map."""
    if not context.classes:
        raise ValueError("it needs labels, and this data set has none")
    return Plan(partial(Label, context.classes), (shape[0] + context.classes, *shape[1:]))


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
    "softplus": nn.Softplus,
}


def _activation(make: Callable[[], nn.Module]) -> Planner:
    return lambda shape, context: Plan(make, shape)


PLANNERS |= {name: _activation(make) for name, make in ACTIVATIONS.items()}


@layer
def leaky_relu(shape: Shape, context: Context, slope: float = 0.01) -> Plan:
    """Plan a leaky ReLU."""
    return Plan(partial(nn.LeakyReLU, float(slope)), shape)


# Modules


class Stack(nn.ModuleList):
    """Layers applied one after another; `Label` layers also get the labels."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        super().__init__(plan.make() for plan in plans)

    @override
    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the output of the last layer for a batch and its labels (B,)."""
        for each in self:
            x = each(x, y) if isinstance(each, Label) else each(x)
        return x


class FlatLinear(nn.Linear):
    """Linear layer of all values of an image."""

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Return (B, outputs) for (B, ...)."""
        return super().forward(x.flatten(1))


class AnyBatchNorm(BatchNorm):
    """Batch norm of features and of maps."""

    @override
    def _check_input_dim(self, input: Tensor) -> None:
        """Accept any number of dimensions."""


class Reshape(nn.Module):
    """Reshapes each image of a batch to `shape`."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape

    @override
    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(-1, *self.shape)


class Scale(nn.Module):
    """Returns factor · x + offset."""

    def __init__(self, factor: float, offset: float) -> None:
        super().__init__()
        self.factor, self.offset = factor, offset

    @override
    def forward(self, x: Tensor) -> Tensor:
        return self.factor * x + self.offset


class Logit(nn.Module):
    """Returns log x / (1 - x) of pixels clamped to [`LOGIT_MARGIN`, 1 - `LOGIT_MARGIN`]."""

    @override
    def forward(self, x: Tensor) -> Tensor:
        return torch.logit(x.float(), LOGIT_MARGIN)


class Label(nn.Module):
    """Concatenates the one-hot label to features, or as constant channels to a map."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes

    @override
    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        if y is None:
            raise ValueError("a conditional model needs labels y")
        label = one_hot(y, self.classes).to(x.dtype)
        if x.dim() == 4:
            label = label[:, :, None, None].expand(-1, -1, *x.shape[2:])
        return torch.cat([x, label], dim=1)
