"""Classifiers from files: ONNX, or weights of linear layers and convolutions.

What a file does not say, such as the range of pixels, is chosen by the labels of the images on the
map, and said so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from latentlab.errors import RunError, listed, reading
from latentlab.explorer.import_.pytorch import read_weights_file
from latentlab.explorer.import_.state_dict.modules import LINEAR, MAP, Module, group
from latentlab.explorer.import_.state_dict.tensors import natural
from latentlab.latent.encode import to_model_input
from latentlab.models.image_classifier import (
    SCALES,
    ImageClassifier,
    are_probabilities,
    of_network,
    of_onnx,
    standardised,
)
from latentlab.models.onnx_file import MAX_FILE_BYTES, OnnxFunction
from latentlab.runs.onnx_probe import probe_classifier
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from latentlab.data.image_set import ImageSet, ImageSpec

MAX_LABELLED = 400
"""Images by whose labels a classifier is understood."""
MIN_LABELLED = 20
MAX_CLASSES = 1000
FEW_RIGHT = 0.5
"""Share of right decisions below which the message warns."""
ACTIVATIONS = {"ReLU": nn.ReLU, "tanh": nn.Tanh, "leaky ReLU": nn.LeakyReLU, "ELU": nn.ELU}
POOLS = ("no pooling", "pooling after each convolution", "pooling after the last convolution")
LABELS_ADVICE = (
    "Open a model whose images have the classes of the classifier, or export it as ONNX."
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way to understand a file; `titles` says it in words."""

    classifier: ImageClassifier
    titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadClassifier:
    """A classifier, the names of its classes, and how it was understood."""

    classifier: ImageClassifier
    class_names: tuple[str, ...]
    note: str


def read_classifier(
    path: Path, spec: ImageSpec, images: ImageSet | None
) -> Generator[Progress, None, ReadClassifier]:
    """Read a classifier for images of `spec`.

    Parameters
    ----------
    path : Path
        ONNX file, safetensors, or a file of ``torch.save`` with weights only.
    spec : ImageSpec
        Shape and classes of the images.
    images : ImageSet or None
        Images, whose labels decide what the file does not say.

    Raises
    ------
    RunError
        If it is damaged, no classifier of such images, or cannot be understood.
    """
    names: tuple[str, ...] = ()
    if path.suffix.lower() == ".onnx":
        base, names = yield from _read_onnx(path, spec)
        networks = [Candidate(base)]
    else:
        tensors = yield from read_weights_file(path)
        modules = _layers(group(tensors))
        if not tensors.is_ordered:
            modules.sort(key=lambda each: natural(each.name))
        networks = list(_networks(modules, spec))
    classes = _check_count(networks[0].classifier, spec)
    networks, names = _in_order(networks, names if len(names) == classes else (), spec)
    labelled = _labelled(images)
    # Classes of other names are others: their indices are not those of the labels.
    if labelled is None or classes != spec.classes or names not in ((), spec.class_names):
        return _assumed(networks, names or _names(classes, spec), spec)
    return (yield from _chosen(networks, labelled, spec.class_names))


def _in_order(
    networks: list[Candidate], names: tuple[str, ...], spec: ImageSpec
) -> tuple[list[Candidate], tuple[str, ...]]:
    """Return the candidates with classes in the order of the images, if they are the same ones."""
    wanted = spec.class_names
    if names == wanted or sorted(names) != sorted(wanted) or len(set(names)) < len(names):
        return networks, names
    order = tuple(map(names.index, wanted))
    ordered = [replace(each, classifier=replace(each.classifier, order=order)) for each in networks]
    return ordered, wanted


def _layers(modules: Sequence[Module]) -> list[Module]:
    """Return the layers of a file; raise a `RunError` if it has others than are computed."""
    if others := [each.name or "the file itself" for each in modules if not each.is_weighted]:
        raise RunError(
            "It has layers other than convolutions and linear layers, without which it would "
            f"decide otherwise: {listed(others, 4)}.",
            "Export it as ONNX.",
        )
    return list(modules)


def _read_onnx(
    path: Path, spec: ImageSpec
) -> Generator[Progress, None, tuple[ImageClassifier, tuple[str, ...]]]:
    with reading(path):
        if path.stat().st_size > MAX_FILE_BYTES:
            raise RunError(f"{path.name} is larger than {MAX_FILE_BYTES >> 30} GB.")
        content = path.read_bytes()
    output = yield from probe_classifier(content, path.name, spec.shape)
    function = OnnxFunction(content, path.name)
    try:
        found = json.loads(function.metadata.get("class_names", "[]"))
        names = tuple(map(str, found)) if isinstance(found, list) else ()
    except (ValueError, RecursionError):
        names = ()
    return of_onnx(function, output), names


def _labelled(images: ImageSet | None) -> ImageSet | None:
    """Return a sample of images that have labels; None if there are too few."""
    if images is None or images.labels is None:
        return None
    rows = np.linspace(0, len(images) - 1, min(len(images), MAX_LABELLED)).astype(np.int64)
    rows = rows[images.labels[rows] >= 0]
    return images[rows] if len(rows) >= MIN_LABELLED else None


def _check_count(classifier: ImageClassifier, spec: ImageSpec) -> int:
    """Return the number of classes; raise a `RunError` if images of `spec` do not fit."""
    found = classifier.probabilities(torch.zeros(1, *spec.shape))
    classes = found.shape[1]
    if classes > MAX_CLASSES:
        raise RunError(
            f"It has {classes:,} outputs, and latentlab shows at most {MAX_CLASSES:,} classes.",
            "Is it a classifier?",
        )
    return classes


def _names(classes: int, spec: ImageSpec) -> tuple[str, ...]:
    if classes == spec.classes:
        return spec.class_names
    return tuple(f"class {index}" for index in range(classes))


def _assumed(
    networks: Sequence[Candidate], names: tuple[str, ...], spec: ImageSpec
) -> ReadClassifier:
    """Return the conventional reading, where no labels decide."""
    if len(networks) > 1 or networks[0].titles:
        raise RunError(
            "The weights do not say which functions stand between the layers, and no labels on "
            "the map decide it.",
            LABELS_ADVICE,
        )
    classifier = _with_outputs(networks[0].classifier, torch.rand(16, *spec.shape))
    note = "Pixels from 0 to 1 are assumed, since no labels on the map decide it."
    return ReadClassifier(classifier, names, note)


def _chosen(
    networks: Sequence[Candidate], images: ImageSet, names: tuple[str, ...]
) -> Generator[Progress, None, ReadClassifier]:
    """Return the reading that agrees best with the labels of images."""
    x, labels = to_model_input(images.images), images.labels
    scales = (*SCALES, standardised(np.asarray(images.images)))
    best, most = None, -1.0
    for network, scale in product(networks, scales):
        yield Progress("Comparing the decisions with the labels")
        classifier = _with_outputs(network.classifier.scaled(scale), x)
        decided = classifier.probabilities(x).argmax(1).numpy()
        share = float((decided == labels).mean())
        if share > most:
            best, most = (classifier, (f"pixels {scale.title}", *network.titles)), share
    assert best is not None
    classifier, titles = best
    note = f"Understood with {', '.join(titles)}: agrees with {most:.0%} of the labels."
    if most < FEW_RIGHT:
        note += " That is little: is it for other images?"
    return ReadClassifier(classifier, names, note)


def _with_outputs(classifier: ImageClassifier, x: torch.Tensor) -> ImageClassifier:
    """Return the classifier with its outputs recognized as probabilities or logits."""
    scaled = x * classifier.scale.factor + classifier.scale.offset
    with torch.inference_mode():
        values = classifier.compute(scaled).float().numpy()
    return replace(classifier, gives_probabilities=are_probabilities(values))


# Weights


def _networks(modules: Sequence[Module], spec: ImageSpec) -> Iterator[Candidate]:
    """Yield the networks of layers, in the common ways that fit images of `spec`.

    Raises
    ------
    RunError
        If none fits.
    """
    maps = [each for each in modules if each.kind == MAP]
    linears = [each for each in modules if each.kind == LINEAR]
    if not linears or [*maps, *linears] != list(modules):
        raise RunError(
            "The file has no classifier of convolutions followed by linear layers.",
            "Export it as ONNX.",
        )
    strides, paddings = ((1, 2), (0, 1)) if maps else ((1,), (0,))
    pools = POOLS if maps else POOLS[:1]
    found = False
    activations = ACTIVATIONS if len(modules) > 1 else {"": nn.Identity}
    for stride, padding, pool in product(strides, paddings, pools):
        for name, activation in activations.items():
            network = _network(maps, linears, stride, padding, pool, activation)
            if not _fits(network, spec):
                break
            found = True
            how = (f"stride {stride}", "padding" if padding else "no padding", pool) if maps else ()
            yield Candidate(of_network(network), (name, *how) if name else ())
    if not found:
        raise RunError(
            f"The layers do not fit images of {spec}, with any common stride and padding.",
            "Export the classifier as ONNX.",
        )


def _network(
    maps: Sequence[Module],
    linears: Sequence[Module],
    stride: int,
    padding: int,
    pool: str,
    activation: type[nn.Module],
) -> nn.Sequential:
    layers: list[nn.Module] = []
    for each in maps:
        out, inner, kernel, _ = each.weight.shape
        conv = nn.Conv2d(inner, out, kernel, stride, padding * (kernel // 2))
        layers += [_loaded(conv, each), activation()]
        if pool == POOLS[1] or (pool == POOLS[2] and each is maps[-1]):
            layers.append(nn.MaxPool2d(2))
    layers.append(nn.Flatten())
    for each in linears:
        out, inner = each.weight.shape
        layers += [_loaded(nn.Linear(inner, out), each), activation()]
    return nn.Sequential(*layers[:-1])


def _loaded(layer: nn.Conv2d | nn.Linear, module: Module) -> nn.Module:
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(module.weight))
        bias = np.zeros(len(module.weight), np.float32) if module.bias is None else module.bias
        assert layer.bias is not None
        layer.bias.copy_(torch.from_numpy(bias))
    return layer


def _fits(network: nn.Sequential, spec: ImageSpec) -> bool:
    try:
        with torch.inference_mode():
            network(torch.zeros(1, *spec.shape))
    except RuntimeError:  # torch reports other sizes so
        return False
    return True
