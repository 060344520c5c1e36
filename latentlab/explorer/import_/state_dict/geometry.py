"""Strides and paddings of convolutions, which weights do not say, derived from the sizes of maps.

The kernel suggests them: 4 halves with stride 2 and padding 1, 3 with stride 2 or keeps the size.
All combinations whose sizes close between image and z are listed, the most common ones first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import groupby, product
from typing import TYPE_CHECKING

from latentlab.explorer.import_.state_dict.chain import CONV_TRANSPOSE
from latentlab.explorer.import_.state_dict.modules import LINEAR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latentlab.explorer.import_.state_dict.chain import Architecture, Step

MAX_SIDE = 512
MAX_GEOMETRIES = 6
"""Number of combinations that are tried."""
MAX_PENALTY = 8
MAX_EXCESS = 4
"""Penalty above that of the most common combination up to which others are tried."""
COMMON_SIDES = {28: 0, 32: 0, 64: 0, 128: 0, 96: 1, 48: 1, 256: 1, 16: 1}
UNCOMMON_SIDE = 4
MAX_STATES = 1000
"""Number of states of the search that are continued after a layer."""
MIXED = 2
"""Penalty of a second rule for the same kernel."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one convolution changes the side of a map.

    Parameters
    ----------
    stride, padding, output_padding : int
        Those of the convolution.
    resize : int
        Max pooling after a convolution of the encoder, or upsampling before one of the decoder;
        1 for none.
    penalty : int
        How uncommon it is.
    """

    stride: int
    padding: int
    output_padding: int = 0
    resize: int = 1
    penalty: int = 0

    def side_after(self, side: int, kernel: int, kind: str, *, decoding: bool) -> int:
        """Return the side of the map after the layer."""
        if kind == CONV_TRANSPOSE:
            return (side - 1) * self.stride - 2 * self.padding + kernel + self.output_padding
        if decoding:
            side *= self.resize
        after = (side + 2 * self.padding - kernel) // self.stride + 1
        return after if decoding else after // self.resize

    @property
    def text(self) -> str:
        """The rule in words."""
        padding = f" padding {self.padding}" if self.padding else ""
        more = f" output padding {self.output_padding}" if self.output_padding else ""
        resize = f" resize {self.resize}" if self.resize > 1 else ""
        return f"stride {self.stride}{padding}{more}{resize}"


type _State = tuple[int, frozenset[tuple[tuple[int, str], Rule]]]
"""Side of a map, and the rules used so far by kernel and kind."""
type _Sequence = tuple[int, tuple[int, ...], tuple[Rule, ...]]
"""Penalty, places of the rules among those of their layers, and the rules."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Sizes of all maps of a model.

    Parameters
    ----------
    side : int
        Height and width of the images; 0 if no layer takes or gives them as maps.
    encoder, decoder : tuple of Rule
        One rule per convolution.
    first, last : int
        Sides of the first map of the decoder, and of the last one of the encoder.
    penalty : int
        How uncommon the combination is.
    """

    side: int
    encoder: tuple[Rule, ...] = ()
    decoder: tuple[Rule, ...] = ()
    first: int = 1
    last: int = 1
    penalty: int = 0

    @property
    def key(self) -> str:
        """Text that identifies it."""
        code = [f"{r.stride}{r.padding}{r.output_padding}{r.resize}" for r in self.rules]
        return "-".join([str(self.side), *code])

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Rules of both parts."""
        return self.encoder + self.decoder

    @property
    def title(self) -> str:
        """Size and strides in words."""
        texts = []
        for name, rules in (("encoder", self.encoder), ("decoder", self.decoder)):
            runs = [(text, len([*group])) for text, group in groupby(rule.text for rule in rules)]
            if len(runs) == 1:
                texts.append(f"{name} {runs[0][0]}")
            elif runs:
                counted = (f"{count} × {text}" if count > 1 else text for text, count in runs)
                texts.append(f"{name} {'; '.join(counted)}")
        return f"{self.side}×{self.side}{': ' if texts else ''}{', '.join(texts)}"


@cache
def conv_rules(kernel: int) -> tuple[Rule, ...]:
    """Return the rules of a convolution of the encoder, the most common first."""
    half = kernel // 2
    rules = {
        1: ((1, 0, 1),),
        2: ((2, 0, 1), (1, 0, 1)),
        3: ((2, 1, 1), (1, 1, 1), (1, 1, 2), (2, 0, 1), (1, 0, 1), (1, 0, 2)),
        4: ((2, 1, 1), (1, 0, 1), (2, 0, 1), (2, 2, 1)),
        5: ((2, 2, 1), (1, 2, 1), (1, 2, 2), (2, 1, 1), (1, 0, 1), (1, 0, 2)),
    }.get(kernel, ((1, 0, 1), (2, half, 1), (1, half, 1), (2, 0, 1)))
    return tuple(Rule(s, p, 0, pool, i) for i, (s, p, pool) in enumerate(rules))


@cache
def transpose_rules(kernel: int) -> tuple[Rule, ...]:
    """Return the rules of a transposed convolution, the most common first."""
    half = kernel // 2
    rules = {
        1: ((1, 0, 0),),
        2: ((2, 0, 0),),
        3: ((2, 1, 1), (1, 1, 0), (2, 1, 0), (2, 0, 0), (2, 0, 1), (1, 0, 0)),
        4: ((2, 1, 0), (1, 0, 0), (2, 0, 0), (2, 2, 0)),
        5: ((2, 2, 1), (1, 2, 0), (2, 2, 0), (2, 0, 0), (1, 0, 0)),
    }.get(kernel, ((1, 0, 0), (2, half, 1), (2, max(0, half - 1), 0), (1, half, 0), (2, 0, 0)))
    return tuple(Rule(s, p, o, 1, i) for i, (s, p, o) in enumerate(rules))


@cache
def decoder_conv_rules(kernel: int) -> tuple[Rule, ...]:
    """Return the rules of a convolution of the decoder, with or without upsampling before it."""
    half = kernel // 2
    return Rule(1, half, 0, 1, 0), Rule(1, half, 0, 2, 0), Rule(1, 0, 0, 1, 3)


def geometries(found: Architecture, wanted: int | None = None) -> list[Geometry]:
    """Return the geometries that close, the most common first; empty if none does.

    Parameters
    ----------
    found : Architecture
        Layers of a file.
    wanted : int, optional
        Side of the images, if the format says so.
    """
    if not found.takes_map and not found.gives_map:
        return [Geometry(0)]
    encoder = [step for step in found.encoder if step.kind != LINEAR]
    decoder = [step for step in found.decoder if step.kind != LINEAR]
    first = _first_side(found, decoder)
    last = _last_side(found, encoder)
    fixed = wanted or _fixed_side(found)
    none: list[tuple[tuple[Rule, ...], int]] = [((), 0)]
    starts = _closings(decoder, first, decoding=True) if decoder else {fixed: none}
    closed: list[Geometry] = []
    bound = math.inf
    for side, upward in sorted(starts.items(), key=lambda item: item[1][0][1]):
        common = COMMON_SIDES.get(side or 0, UNCOMMON_SIDE)
        if side is None or (fixed and side != fixed) or upward[0][1] + common > bound:
            continue
        downward = _closings(encoder, side, decoding=False).get(last, []) if encoder else none
        for (rules, cost), (more, price) in product(upward, downward):
            penalty = cost + price + common
            closed.append(Geometry(side, more, rules, first, last, penalty))
            bound = min(bound, penalty + MAX_EXCESS)
    close = [each for each in closed if each.penalty <= bound]
    return sorted(close, key=lambda each: each.penalty)[:MAX_GEOMETRIES]


def _closings(
    steps: Sequence[Step], side: int, *, decoding: bool
) -> dict[int | None, list[tuple[tuple[Rule, ...], int]]]:
    """Return the most common sequences of rules, with their penalties, by the side after them.

    What a rule costs depends only on the side and the rules used before, so that of all sequences
    with the same of both only the best are continued: their number does not grow with the layers.
    """
    states: dict[_State, list[_Sequence]] = {(side, frozenset()): [(0, (), ())]}
    for step in steps:
        grown: dict[_State, list[_Sequence]] = {}
        for state, sequences in states.items():
            for place, rule, after, price in _next(step, state, decoding=decoding):
                grown.setdefault(after, []).extend(
                    (cost + price, (*places, place), (*rules, rule))
                    for cost, places, rules in sequences
                    if cost + price <= MAX_PENALTY
                )
        best = {state: _cheapest(each) for state, each in grown.items() if each}
        kept = sorted(best.items(), key=lambda item: item[1][0][:2])[:MAX_STATES]
        states = dict(kept)
    found: dict[int | None, list[_Sequence]] = {}
    for (end, _), each in states.items():
        found.setdefault(end, []).extend(each)
    return {
        end: [(rules, cost) for cost, _, rules in _cheapest(each)] for end, each in found.items()
    }


def _next(step: Step, state: _State, *, decoding: bool) -> Iterator[tuple[int, Rule, _State, int]]:
    """Yield each rule that a layer may have, with its place, the state after it, and its price."""
    side, used = state
    kind = step.kernel, step.kind
    before = {rule for each, rule in used if each == kind}
    for place, rule in enumerate(_rules(step, decoding=decoding)):
        after = rule.side_after(side, step.kernel, step.kind, decoding=decoding)
        price = 0 if rule in before else rule.penalty + MIXED * bool(before)
        if 1 <= after <= MAX_SIDE:
            yield place, rule, (after, used | {(kind, rule)}), price


def _cheapest(sequences: list[_Sequence]) -> list[_Sequence]:
    return sorted(sequences, key=lambda sequence: sequence[:2])[:MAX_GEOMETRIES]


def _rules(step: Step, *, decoding: bool) -> tuple[Rule, ...]:
    if step.kind == CONV_TRANSPOSE:
        return transpose_rules(step.kernel)
    return decoder_conv_rules(step.kernel) if decoding else conv_rules(step.kernel)


def _first_side(found: Architecture, decoder: Sequence[Step]) -> int:
    """Return the side of the first map of the decoder."""
    if not decoder:
        return 1
    at = found.decoder.index(decoder[0])
    if at == 0:
        return 1
    return math.isqrt(found.decoder[at - 1].outputs // decoder[0].inputs)


def _last_side(found: Architecture, encoder: Sequence[Step]) -> int:
    """Return the side of the last map of the encoder."""
    if not encoder:
        return 1
    at = found.encoder.index(encoder[-1])
    if at + 1 < len(found.encoder):
        features = found.encoder[at + 1].inputs
    else:
        head = found.first_of_head.weight
        # A convolution as head covers the whole map.
        features = head.shape[1] * (head.shape[2] ** 2 if head.ndim == 4 else 1)
    return math.isqrt(features // encoder[-1].outputs)


def _fixed_side(found: Architecture) -> int | None:
    """Return the side of the images if a linear layer takes or gives them; None otherwise."""
    if not found.takes_map and not found.gives_map:
        return None
    if not found.gives_map:
        return math.isqrt(found.decoder[-1].outputs // found.first_inputs)
    if not found.takes_map:
        return math.isqrt(found.first_inputs // found.decoder[-1].outputs)
    return None
