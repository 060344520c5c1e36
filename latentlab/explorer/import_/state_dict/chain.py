"""Encoder, heads and decoder of a file, found by which layers fit each other."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from itertools import chain, combinations, pairwise
from typing import TYPE_CHECKING

from latentlab.errors import RunError, listed
from latentlab.explorer.import_.state_dict.modules import (
    BATCH_NORM,
    DECODER,
    ENCODER,
    LINEAR,
    Module,
    place_norms,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CONV, CONV_TRANSPOSE = "conv", "conv-transpose"
MAX_STEPS = 100_000
"""Maximum number of steps of the search."""
MAX_LAYERS = 256
MAX_CLASSES = 1000
MAX_CHANNELS = 3
MEAN = re.compile(r"(^|[._\d])(mu|mean|means|loc|fc_?mu|z_?mean|z_?mu|m)($|[._\d])|mu$|mean$", re.I)
SPREAD = re.compile(r"log_?_?(var|sig|std|cov)|var|sigma|std|scale|lv", re.I)
NUMBER = re.compile(r"[._]?\d+$")
"""Number at the end of the name of a layer in a sequence."""
SIDE_PARTS = re.compile(r"discr|classif|critic|metric|percept|lpips|ema|teacher", re.I)
"""Names of parts that are no part of an encoder or decoder."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A layer in its place.

    Parameters
    ----------
    module : Module
        Its tensors.
    kind : str
        `LINEAR`, `CONV` or `CONV_TRANSPOSE`.
    """

    module: Module
    kind: str

    @property
    def inputs(self) -> int:
        """Number of input features or channels."""
        return self.module.weight.shape[0 if self.kind == CONV_TRANSPOSE else 1]

    @property
    def outputs(self) -> int:
        """Number of output features or channels."""
        return self.module.weight.shape[1 if self.kind == CONV_TRANSPOSE else 0]

    @property
    def kernel(self) -> int:
        """Side of the kernel."""
        return self.module.weight.shape[2]


@dataclass(frozen=True, slots=True)
class Architecture:
    """Layers of a VAE.

    Parameters
    ----------
    encoder, decoder : tuple of Step
        Layers before the heads, and after z.
    heads : tuple of Module
        Heads of mean and variance in the order of the file, or one of both.
    latent_dim, classes : int
        Size of z, and number of classes of a conditional model.
    encoder_classes, decoder_classes : int
        Number of label inputs of the first layers.
    branches : tuple of tuple of Step
        Hidden layers of each head before its last one; empty if no head has any.
    norms : dict of str to Module
        Batch norm after a layer, by the name of the layer.
    unused : tuple of str
        Modules that are not used.
    """

    encoder: tuple[Step, ...]
    decoder: tuple[Step, ...]
    heads: tuple[Module, ...]
    latent_dim: int
    encoder_classes: int = 0
    decoder_classes: int = 0
    branches: tuple[tuple[Step, ...], ...] = ()
    norms: dict[str, Module] = field(default_factory=dict)
    unused: tuple[str, ...] = ()

    @property
    def classes(self) -> int:
        """Number of classes; 0 if the model is not conditional."""
        return max(self.encoder_classes, self.decoder_classes)

    @property
    def first_inputs(self) -> int:
        """Features or channels of an image at the first layer, without the label."""
        first = self.encoder[0].inputs if self.encoder else self.first_of_head.weight.shape[1]
        return first - self.encoder_classes

    @property
    def first_of_head(self) -> Module:
        """First layer of the first head, which takes what the encoder gives."""
        return _first_of(self.heads, self.branches)

    @property
    def takes_map(self) -> bool:
        """Whether the first layer takes images as maps."""
        return bool(self.encoder) and self.encoder[0].kind != LINEAR

    @property
    def gives_map(self) -> bool:
        """Whether the last layer gives images as maps."""
        return self.decoder[-1].kind != LINEAR

    @property
    def named_order(self) -> str:
        """``mean first`` or ``mean last`` by the names of the heads; empty if they do not tell."""
        if len(self.heads) != 2:
            return ""
        last = [telling_part(head.name) for head in self.heads]
        spread = [bool(SPREAD.search(name)) for name in last]
        mean = [bool(MEAN.search(name)) and not s for name, s in zip(last, spread, strict=True)]
        if mean == [False, True] or spread == [True, False]:
            return "mean last"
        return "mean first" if mean == [True, False] or spread == [False, True] else ""


def find_architecture(modules: Sequence[Module], *, is_ordered: bool) -> Architecture:
    """Find the encoder, heads and decoder of a VAE.

    Raises
    ------
    RunError
        If the layers are not those of a VAE whose parts are plain sequences.
    """
    used = [each for each in modules if each.is_weighted and not SIDE_PARTS.search(each.name)]
    if len(used) > MAX_LAYERS:
        raise RunError(
            f"It has {len(used):,} layers; latentlab opens at most {MAX_LAYERS}.",
            "Export encoder and decoder as ONNX.",
        )
    search = _Search()
    for heads, branches in (*_deep_heads(used), *_heads(used)):
        taken = {*heads, *(step.module for branch in branches for step in branch)}
        rest = [each for each in used if each not in taken]
        latent_dim = heads[0].weight.shape[0] // (3 - len(heads))
        for encoder, decoder, classes in search.parts(rest, _first_of(heads, branches), latent_dim):
            found = Architecture(encoder, decoder, heads, latent_dim, *classes, branches)
            return _with_norms(found, modules, is_ordered=is_ordered)
    raise RunError(_problem(used), SEQUENTIAL_ADVICE)


SEQUENTIAL_ADVICE = (
    "latentlab opens VAEs whose encoder and decoder are sequences of linear layers, convolutions "
    "with square kernels and batch norms, without sums as in residual blocks. For others, export "
    "encoder and decoder as ONNX. In Python, where the model can be loaded, with a decoder from z "
    "to images:\n"
    '    torch.onnx.export(decoder, (torch.zeros(1, latent_dim),), "decoder.onnx", '
    "dynamo=True, external_data=False)"
)


def _problem(used: Sequence[Module]) -> str:
    if not used:
        return "It has no linear layer or convolution."
    shapes = [f"{each.name} {'×'.join(map(str, each.weight.shape))}" for each in used]
    return (
        "Its tensors are not those of a VAE of plain layers: no two heads for mean and variance "
        f"lie between an encoder and a decoder that fit each other. It has {listed(shapes, 12)}."
    )


def _with_norms(
    found: Architecture, modules: Sequence[Module], *, is_ordered: bool
) -> Architecture:
    layers = (*found.encoder, *chain.from_iterable(found.branches), *found.decoder)
    used = {each.module.name for each in layers}
    steps = [each for each in modules if each.name in used or each.kind == BATCH_NORM]
    norms = place_norms(steps, is_ordered=is_ordered)
    sizes = {each.module.name: each.outputs for each in layers}
    norms = {name: norm for name, norm in norms.items() if norm.features == sizes.get(name)}
    used |= {norm.name for norm in norms.values()} | {head.name for head in found.heads}
    unused = [each for each in modules if each.name not in used]
    wrong = [
        each.name
        for each in unused
        if not SIDE_PARTS.search(each.name)
        and any(array.ndim and array.size > 1 for array in each.arrays.values())
    ]
    if wrong:
        raise RunError(
            f"It has layers that do not fit between its others: {listed(wrong)}.",
            SEQUENTIAL_ADVICE,
        )
    return replace(found, norms=norms, unused=tuple(each.name for each in unused))


# Heads


type _Heads = tuple[tuple[Module, ...], tuple[tuple[Step, ...], ...]]


def telling_part(name: str) -> str:
    """Return the part of a name that tells the head, as ``mu_head`` in ``mu_head.2``."""
    parts = name.split(".")[::-1]
    return next((part for part in parts if MEAN.search(part) or SPREAD.search(part)), parts[0])


def _first_of(heads: Sequence[Module], branches: Sequence[Sequence[Step]]) -> Module:
    return branches[0][0].module if branches and branches[0] else heads[0]


def _deep_heads(used: Sequence[Module]) -> Iterator[_Heads]:
    """Yield heads of mean and variance, by their names, of which one has hidden layers."""
    stems: dict[str, list[Step]] = {}
    for each in used:
        if each.kind == LINEAR and each.role != DECODER:
            stems.setdefault(NUMBER.sub("", each.name), []).append(Step(each, LINEAR))
    fitting = {
        stem: steps
        for stem, steps in stems.items()
        if all(a.outputs == b.inputs for a, b in pairwise(steps))
    }
    for (one, a), (other, b) in combinations(fitting.items(), 2):
        spreads = [bool(SPREAD.search(telling_part(stem))) for stem in (one, other)]
        means = [bool(MEAN.search(telling_part(stem))) for stem in (one, other)]
        fits = a[0].inputs == b[0].inputs and a[-1].outputs == b[-1].outputs
        if fits and spreads[0] != spreads[1] and any(means) and len(a) + len(b) > 2:
            yield (a[-1].module, b[-1].module), (tuple(a[:-1]), tuple(b[:-1]))


def _heads(used: Sequence[Module]) -> Iterator[_Heads]:
    """Yield possible heads of one layer, the likeliest first."""
    pairs = [
        (a, b)
        for a, b in combinations(used, 2)
        if a.weight.shape == b.weight.shape and DECODER not in (a.role, b.role)
    ]
    joint = [a for a in used if a.weight.shape[0] % 2 == 0 and a.role != DECODER]
    yield from ((pair, ()) for pair in sorted(pairs, key=_head_rank))
    joint.sort(key=lambda head: (not _is_named(head), head.weight.shape[0]))
    yield from (((head,), ()) for head in joint)


def _is_named(module: Module) -> bool:
    name = module.name.rpartition(".")[2]
    return bool(MEAN.search(name) or SPREAD.search(name))


def _head_rank(pair: tuple[Module, ...]) -> tuple[int, int, int]:
    a, b = pair
    named = -sum(map(_is_named, pair))
    return named, a.weight.shape[0], b.index - a.index


# Chains


class _Search:
    """Search for sequences that use all layers, with a limit of steps."""

    def __init__(self) -> None:
        self._steps = 0

    def parts(
        self, rest: Sequence[Module], end: Module, latent_dim: int
    ) -> Iterator[tuple[tuple[Step, ...], tuple[Step, ...], tuple[int, int]]]:
        """Yield encoder, decoder, and the label inputs of both; the encoder ends before `end`."""
        pool = [each for each in rest if each.role != DECODER]
        for encoder in self._encoders(pool, end):
            taken = {step.module.name for step in encoder}
            others = [each for each in rest if each.name not in taken]
            if not others or any(each.role == ENCODER for each in others):
                continue
            for decoder, classes in self._decoders(others, latent_dim):
                first = encoder[0].inputs if encoder else end.weight.shape[1]
                takes_map = bool(encoder) and encoder[0].kind != LINEAR
                more = _label_inputs(first, takes_map, decoder[-1], classes)
                if more is not None:
                    yield encoder, decoder, (more, classes)

    def _encoders(self, pool: Sequence[Module], end: Module) -> Iterator[tuple[Step, ...]]:
        starts = [Step(each, LINEAR if each.kind == LINEAR else CONV) for each in pool]
        for start in starts:
            for steps in self._grow((start,), pool, (CONV,), LINEAR):
                if _fits(steps[-1], Step(end, LINEAR if end.kind == LINEAR else CONV)):
                    yield steps
        yield ()

    def _decoders(
        self, pool: Sequence[Module], latent_dim: int
    ) -> Iterator[tuple[tuple[Step, ...], int]]:
        kinds = (CONV_TRANSPOSE, CONV)
        starts = [Step(each, kind) for each in pool for kind in _kinds(each, kinds)]
        # A layer that takes z alone is likelier than one that also takes a label.
        for start in sorted(starts, key=lambda start: start.inputs):
            classes = start.inputs - latent_dim
            if classes and not 2 <= classes <= MAX_CLASSES:
                continue
            for steps in self._grow((start,), pool, kinds, CONV_TRANSPOSE):
                if len(steps) == len(pool):
                    yield steps, classes

    def _grow(
        self, steps: tuple[Step, ...], pool: Sequence[Module], kinds: Sequence[str], later: str
    ) -> Iterator[tuple[Step, ...]]:
        """Yield all longer sequences and then this one, following the order of the file first.

        Linear layers are all before the maps or all after them, as the kind `later` says.
        """
        self._steps += 1
        if self._steps > MAX_STEPS:
            return
        taken = {step.module.name for step in steps}
        at = steps[-1].module.index
        free = [each for each in pool if each.name not in taken]
        for each in sorted(free, key=lambda each: (each.index < at, each.index)):
            for kind in _kinds(each, kinds):
                step = Step(each, kind)
                back = (
                    steps[-1].kind != step.kind
                    and (step.kind if later != LINEAR else steps[-1].kind) == LINEAR
                )
                if _fits(steps[-1], step) and not back:
                    yield from self._grow((*steps, step), pool, kinds, later)
        yield steps


def _kinds(module: Module, kinds: Iterable[str]) -> list[str]:
    """Return as which of some kinds a module can be used; the length of its bias may tell."""
    if module.kind == LINEAR:
        return [LINEAR]
    bias = module.bias
    return [kind for kind in kinds if bias is None or len(bias) == Step(module, kind).outputs]


def _fits(before: Step, after: Step) -> bool:
    """Return whether a layer can take the output of another, with a flattening between."""
    if (before.kind == LINEAR) == (after.kind == LINEAR):
        return before.outputs == after.inputs
    features, channels = sorted((before.outputs, after.inputs), reverse=True)
    if before.kind == LINEAR:
        features, channels = before.outputs, after.inputs
    else:
        features, channels = after.inputs, before.outputs
    return features % channels == 0 and is_square(features // channels)


def is_square(number: int) -> bool:
    """Return whether a number is a square."""
    return math.isqrt(number) ** 2 == number


def _label_inputs(first: int, takes_map: bool, last: Step, classes: int) -> int | None:
    """Return the label inputs of the encoder's first layer; None if both ends do not fit."""
    outputs, gives_map = last.outputs, last.kind != LINEAR
    for more in (0, classes) if classes else (0, *range(2, MAX_CLASSES)):
        inputs = first - more
        if inputs < 1:
            break
        if takes_map == gives_map:
            fits = inputs == outputs
        else:
            channels, pixels = (inputs, outputs) if takes_map else (outputs, inputs)
            fits = channels <= MAX_CHANNELS and pixels % channels == 0
            fits = fits and is_square(pixels // channels) and not more
        if fits:
            return more
    return None
