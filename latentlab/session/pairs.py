"""A sheet of interpolations between pairs of images: records and request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from latentlab.latent.pairs import PairKind
from latentlab.session.abilities import DECODER_ON_IMAGES, Abilities
from latentlab.session.request import Priority, Request

if TYPE_CHECKING:
    from latentlab.session.points import Tiles


@dataclass(frozen=True, slots=True)
class PairSettings:
    """Pairs of the sheet: which, how many, images of each with both ends, and the seed."""

    kind: PairKind = PairKind.DIFFERENT
    count: int = 10
    steps: int = 9
    seed: int = 0


@dataclass(frozen=True, slots=True)
class PairSheet:
    """Straight paths between pairs of images, decoded; one pair in each row.

    Parameters
    ----------
    settings : PairSettings
        What the sheet was made with.
    tiles : Tiles
        Decoded points of all paths.
    names : tuple of (str, str)
        Classes of both images of each pair, or their rows on the map.
    """

    settings: PairSettings
    tiles: Tiles = field(repr=False)
    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MakePairs(Request["PairSheet"]):
    """Decode the straight paths between pairs of images of the map."""

    needs: ClassVar[Abilities] = DECODER_ON_IMAGES
    priority: ClassVar[Priority] = Priority.BACKGROUND
    modest: ClassVar[bool] = True
    settings: PairSettings
