"""A model of latentlab from the layers of a file and the chosen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.config import parse
from latentlab.explorer.import_.state_dict.chain import CONV_TRANSPOSE
from latentlab.explorer.import_.state_dict.modules import LINEAR
from latentlab.models.sequential import SequentialConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from latentlab.explorer.import_.state_dict.chain import Architecture, Step
    from latentlab.explorer.import_.state_dict.geometry import Geometry
    from latentlab.explorer.import_.state_dict.modules import Module

    type Weights = dict[str, NDArray[np.float32]]

FROM_UNIT = "scale 2 -1"
"""Layer from pixels in [0, 1] to pixels in [-1, 1]."""
OUTPUTS: dict[str, tuple[str, bool, tuple[str, ...]]] = {
    "sigmoid": ("sigmoid (0 to 1)", False, ()),
    "tanh": ("tanh (-1 to 1)", True, ("scale 2",)),
    "none": ("none (0 to 1)", False, ("logit",)),
    "none-signed": ("none (-1 to 1)", True, ("scale 0.5 0.5", "logit")),
    "sigmoid-signed": ("sigmoid (0 to 1), encoder -1 to 1", True, ()),
}
"""Last function of the decoder: its title, whether the encoder gets pixels in [-1, 1], and the
layers that replace it, because a likelihood applies a sigmoid (tanh h = 2 sigmoid(2h) - 1)."""
NO_ACTIVATION = "none"


@dataclass
class Part:
    """Lines of layers, and the weights of each by its place.

    Parameters
    ----------
    name : str
        Field of `SequentialConfig`.
    """

    name: str
    lines: list[str] = field(default_factory=list)
    weights: Weights = field(default_factory=dict)

    def add(self, line: str, **arrays: NDArray[np.float32] | None) -> None:
        """Add a layer with its tensors."""
        for key, array in arrays.items():
            if array is not None:
                self.weights[f"{self.name}.{len(self.lines)}.{key}"] = array
        self.lines.append(line)


def assemble(
    found: Architecture,
    geometry: Geometry,
    shape: tuple[int, int, int],
    values: Mapping[str, str],
) -> tuple[SequentialConfig, Weights]:
    """Return config and weights of a model.

    Parameters
    ----------
    found : Architecture
        Layers of the file.
    geometry : Geometry
        Strides and sizes of its convolutions.
    shape : tuple of int
        Channels, height and width of its images.
    values : mapping of str to str
        Chosen values, by the keys of `infer.axes`.
    """
    _, is_signed, last = OUTPUTS[values["output"]]
    encoder, decoder = Part("encoder"), Part("decoder")
    if is_signed:
        encoder.add(FROM_UNIT)
    _add_encoder(encoder, found, geometry, shape, values)
    _add_decoder(decoder, found, geometry, shape, values)
    for line in last:
        decoder.add(line)
    mean, variance = _heads(found, shape, values)
    config: dict[str, Any] = {
        "latent_dim": found.latent_dim,
        "encoder": encoder.lines,
        "decoder": decoder.lines,
        "mean_head": mean.lines,
        "variance_head": variance.lines,
        "spread": values["spread"],
        "likelihood": values.get("likelihood", "bernoulli"),
    }
    weights = encoder.weights | mean.weights | variance.weights | decoder.weights
    return parse(SequentialConfig, config), weights


def _add_encoder(
    part: Part,
    found: Architecture,
    geometry: Geometry,
    shape: tuple[int, int, int],
    values: Mapping[str, str],
) -> None:
    if found.encoder_classes:
        if not found.takes_map:
            part.add("flatten")
        part.add("label")
    rules = iter(geometry.encoder)
    for i, step in enumerate(found.encoder):
        weight = step.module.weight
        if i == 0:
            weight = _inputs(weight, found.encoder_classes, shape, values, is_image=True)
        rule = None if step.kind == LINEAR else next(rules)
        _add_layer(part, step, weight, rule, f"{step.outputs}")
        _finish_layer(part, step, found, values, values["encoder-activation"])
        if rule is not None and rule.resize > 1:
            part.add(f"max-pool {rule.resize}")


def _add_decoder(
    part: Part,
    found: Architecture,
    geometry: Geometry,
    shape: tuple[int, int, int],
    values: Mapping[str, str],
) -> None:
    if found.decoder_classes:
        part.add("label")
    rules = iter(geometry.decoder)
    for i, step in enumerate(found.decoder):
        weight, bias = step.module.weight, step.module.bias
        is_last = i == len(found.decoder) - 1
        if i == 0:
            weight = _first_inputs(step, found.decoder_classes, shape, values)
        rule = None if step.kind == LINEAR else next(rules)
        if rule is not None and (i == 0 or found.decoder[i - 1].kind == LINEAR):
            part.add(f"unflatten {step.inputs} {geometry.first} {geometry.first}")
        if rule is not None and rule.resize > 1:
            part.add(f"upsample {rule.resize}")
        size = str(step.outputs)
        if is_last:
            size = "pixels" if rule is None else "channels"
            if rule is None:
                rows = _pixel_order(shape, values)
                weight, bias = weight[rows], None if bias is None else bias[rows]
        _add_layer(part, step, weight, rule, size, bias)
        if is_last:
            _add_norm(part, step, found)
            continue
        before_map = rule is None and found.decoder[i + 1].kind != LINEAR
        silent = before_map and values.get("first-activation") == "no"
        activation = NO_ACTIVATION if silent else values["decoder-activation"]
        _finish_layer(part, step, found, values, activation)


def _add_layer(
    part: Part,
    step: Step,
    weight: NDArray[np.float32],
    rule: Any,
    size: str,
    bias: NDArray[np.float32] | None = None,
) -> None:
    bias = step.module.bias if bias is None else bias
    if rule is None:
        line = f"linear {size}"
    else:
        line = f"{step.kind} {size} kernel={step.kernel} stride={rule.stride}"
        line += f" padding={rule.padding}" if rule.padding else ""
        line += f" output_padding={rule.output_padding}" if rule.output_padding else ""
    part.add(line if bias is not None else f"{line} bias=0", weight=weight, bias=bias)


def _finish_layer(
    part: Part, step: Step, found: Architecture, values: Mapping[str, str], activation: str
) -> None:
    """Add batch norm and activation after a layer."""
    if values.get("norm-order") != "after":
        _add_norm(part, step, found)
    if activation != NO_ACTIVATION:
        part.add(activation)
    if values.get("norm-order") == "after":
        _add_norm(part, step, found)


def _add_norm(part: Part, step: Step, found: Architecture) -> None:
    norm = found.norms.get(step.module.name)
    if norm is None:
        return
    arrays, ones = norm.arrays, np.ones(norm.features, np.float32)
    part.add(
        "batch-norm",
        weight=arrays.get("weight", ones),
        bias=arrays.get("bias", 0 * ones),
        running_mean=arrays["running_mean"],
        running_var=arrays["running_var"],
        num_batches_tracked=np.zeros(1, np.float32),
    )


# Order of inputs and outputs


def _first_inputs(
    step: Step, classes: int, shape: tuple[int, int, int], values: Mapping[str, str]
) -> NDArray[np.float32]:
    weight = step.module.weight
    if step.kind != CONV_TRANSPOSE:
        return _inputs(weight, classes, shape, values, is_image=False)
    swapped = _inputs(weight.swapaxes(0, 1), classes, shape, values, is_image=False)
    return np.ascontiguousarray(swapped.swapaxes(0, 1))


def _inputs(
    weight: NDArray[np.float32],
    classes: int,
    shape: tuple[int, int, int],
    values: Mapping[str, str],
    *,
    is_image: bool,
) -> NDArray[np.float32]:
    """Return the weight of a first layer with its inputs in latentlab's order: label last."""
    total = weight.shape[1]
    if classes and values.get("label-order") == "first":
        rows = np.r_[classes:total, :classes]
    else:
        rows = np.arange(total)
    if is_image and weight.ndim == 2:
        pixels = total - classes
        rows = np.r_[rows[:pixels][_pixel_order(shape, values)], rows[pixels:]]
    return np.ascontiguousarray(weight[:, rows])


def _pixel_order(shape: tuple[int, int, int], values: Mapping[str, str]) -> NDArray[np.int64]:
    """Return where the values of an image, as (C, H, W), are in the flat image of the file."""
    channels, height, width = shape
    places = np.arange(channels * height * width)
    if values.get("layout") == "channels last":
        places = np.moveaxis(places.reshape(height, width, channels), -1, 0).ravel()
    return places


def _heads(
    found: Architecture, shape: tuple[int, int, int], values: Mapping[str, str]
) -> tuple[Part, Part]:
    """Return the hidden layers of the heads of mean and variance, and the weights of all."""
    size = found.latent_dim
    arrays = [_as_linear(head) for head in found.heads]
    if len(arrays) == 1:
        weight, bias = arrays[0]
        arrays = [(weight[:size], bias[:size]), (weight[size:], bias[size:])]
    hidden = list(found.branches or ((), ()))
    if values.get("heads") == "mean last":
        arrays.reverse()
        hidden.reverse()
    mean, variance = Part("mean_head"), Part("variance_head")
    for part, steps, (weight, bias) in zip((mean, variance), hidden, arrays, strict=True):
        _add_head(part, steps, (weight, bias), found, shape, values)
    return mean, variance


def _add_head(
    part: Part,
    steps: tuple[Step, ...],
    last: tuple[NDArray[np.float32], NDArray[np.float32]],
    found: Architecture,
    shape: tuple[int, int, int],
    values: Mapping[str, str],
) -> None:
    """Add the hidden layers of a head, and the weights of its last layer, which has no line."""
    weights = [*(step.module.weight for step in steps), last[0]]
    if not found.encoder:
        weights[0] = _inputs(weights[0], found.encoder_classes, shape, values, is_image=True)
    for step, weight in zip(steps, weights, strict=False):
        _add_layer(part, step, weight, None, f"{step.outputs}")
        _finish_layer(part, step, found, values, values["head-activation"])
    part.weights |= {
        f"{part.name}.{len(part.lines)}.weight": weights[-1],
        f"{part.name}.{len(part.lines)}.bias": last[1],
    }


def _as_linear(head: Module) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    weight = head.weight.reshape(len(head.weight), -1)
    bias = head.bias if head.bias is not None else np.zeros(len(weight), np.float32)
    return weight, bias
