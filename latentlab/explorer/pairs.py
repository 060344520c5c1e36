"""Answers about sheets of interpolations between pairs of images."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.model import decode_in_steps
from latentlab.explorer.route import straight_path_points
from latentlab.latent.pairs import choose_pairs
from latentlab.session.pairs import MakePairs, PairSettings, PairSheet
from latentlab.session.points import LatentPath
from latentlab.work import Progress

if TYPE_CHECKING:
    from latentlab.latent.codes import Codes


def make_pairs(explorer: Explorer, settings: PairSettings) -> Generator[Progress, None, PairSheet]:
    """Decode straight paths between pairs of images of the map.

    Raises
    ------
    DataError
        If the map has no such pairs.
    """
    card, codes = explorer.card, explorer.codes
    assert card
    rows = choose_pairs(codes.labels, len(codes), settings.kind, settings.count, settings.seed)
    ends = [
        LatentPath(card.point_of(codes, a), card.point_of(codes, b), settings.steps)
        for a, b in rows
    ]
    conditions = card.spec.conditions
    points = [point for pair in ends for point in straight_path_points(pair, conditions)]
    tiles = yield from decode_in_steps(explorer, tuple(points), settings.steps, "Decoding pairs")
    classes = card.spec.class_names
    names = tuple((_name(codes, a, classes), _name(codes, b, classes)) for a, b in rows)
    return PairSheet(settings, tiles, names)


def _name(codes: Codes, row: int, classes: tuple[str, ...]) -> str:
    """Return the class of an image, or its row if it has none."""
    label = -1 if codes.labels is None else int(codes.labels[row])
    return classes[label] if 0 <= label < len(classes) else f"image {row}"


@answer.register
def _(request: MakePairs, explorer: Explorer) -> Generator[Progress, None, PairSheet]:
    return make_pairs(explorer, request.settings)
