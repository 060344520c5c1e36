"""Directions in latent space: records that are kept and shared, and requests."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import FailFast

from latentlab.latent.directions import Method
from latentlab.session.axes import Axis
from latentlab.session.request import Priority, Request, SaveFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from latentlab.latent.codes import Codes
    from latentlab.session.axes import Importance, Strips
    from latentlab.session.points import ModelCard, Point

FEW = 20
"""Examples per group below which chance has a large part in a direction."""
WIDE_OVERLAP = 0.8
"""Cohen's d up to which an effect is not called large (Cohen 1988)."""
SURE = 2.33
"""Standard errors above one half at which chance alone reaches an accuracy once in a hundred."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The model that a direction was learned in.

    Parameters
    ----------
    name, run, kind, data : str
        What it is called, its folder's name, its kind, and the images whose codes were used.
    latent_dim : int
        D.
    epoch : int
        Whole epochs of training behind it.
    """

    name: str
    run: str
    kind: str
    data: str
    latent_dim: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Direction:
    """A direction in the latent space of one model.

    Parameters
    ----------
    name : str
        What it stands for, such as ``smile``.
    vector : tuple of float, length D
        Of length 1.
    scale : float
        Standard deviation of the data's codes along it, above 0.
    method : str
        How it was found.
    source : str
        From what, in words.
    counts : (int, int)
        Images in the group that it points to, and in the one that it leads away from.
    d, accuracy : float or None
        Cohen's d of the two groups and balanced accuracy on held-out codes; None if not known.
    origin : Origin
        In which model.
    apart_from : tuple of str
        Directions that it was made to leave as they are.
    """

    name: str
    vector: Annotated[tuple[float, ...], FailFast()] = field(repr=False)
    scale: float
    method: str
    source: str
    counts: tuple[int, int]
    d: float | None
    accuracy: float | None
    origin: Origin
    apart_from: tuple[str, ...] = ()

    @property
    def weaknesses(self) -> tuple[str, ...]:
        """What speaks against trusting it, in plain words; empty where nothing does."""
        said = []
        if min(self.counts) < FEW:
            few = f"Learned from only {self.counts[0]} and {self.counts[1]} images"
            said.append(f"{few}: much of it may be chance. Take {FEW} or more of each.")
        if self.d is None or self.accuracy is None:
            said.append("Its strength is not known: there is too little to test it on.")
            return tuple(said)
        if self.d < WIDE_OVERLAP:
            said.append("The two groups overlap widely along it: it may change something else.")
        if self.accuracy <= best_of_chance(self.counts):
            said.append("It tells held-out images apart no better than a coin may (50%).")
        return tuple(said)

    @property
    def strength(self) -> str:
        """How well it tells its groups apart, as a line of numbers."""
        parts = [] if self.d is None else [f"Cohen's d {self.d:.2f}"]
        parts += [] if self.accuracy is None else [f"held-out accuracy {self.accuracy:.0%}"]
        return " · ".join([*parts, f"{self.counts[0]} against {self.counts[1]} images"])

    def axis(self, codes: Codes) -> Axis:
        """Return the line along which to move z."""
        vector = np.array(self.vector)
        middle = float(codes.center @ vector) if len(codes) else 0.0
        return Axis(self.name, vector, middle, self.scale)


def best_of_chance(counts: tuple[int, int]) -> float:
    """Return the balanced accuracy that guessing stays below in 99 of 100 tests.

    Parameters
    ----------
    counts : (int, int)
        Images of the two groups; each group's accuracy is binomial, and the two are averaged.
        Fewer than `FEW` count as so many: that there are few is said already.
    """
    variance = sum(0.25 / max(FEW, count) for count in counts) / 4
    return 0.5 + SURE * math.sqrt(variance)


@dataclass(frozen=True, slots=True)
class Source:
    """What a direction is to be learned from.

    Parameters
    ----------
    kind : str
        ``"attribute"``, ``"class"`` or ``"groups"``.
    name : str
        Of the attribute or the class.
    groups : Groups or None
        The rows, for groups made by hand.
    level : str
        The word or code of an attribute that is set against its others; empty for yes and no, and
        for a quantity.
    """

    kind: str
    name: str = ""
    groups: Groups | None = None
    level: str = ""

    @property
    def title(self) -> str:
        """What a direction learned from it is called; empty for groups."""
        return f"{self.name} {self.level}".strip()


@dataclass(frozen=True, slots=True)
class Groups:
    """Two groups of the map's images, by row."""

    a: tuple[int, ...] = field(default=(), repr=False)
    b: tuple[int, ...] = field(default=(), repr=False)

    def added(self, side: str, *rows: int) -> Groups:
        """Return the groups with images put into ``"a"`` or ``"b"``, and out of the other."""
        new = set(rows)
        a, b = (tuple(row for row in group if row not in new) for group in (self.a, self.b))
        return Groups((*a, *rows), b) if side == "a" else Groups(a, (*b, *rows))

    def cleared(self, side: str) -> Groups:
        """Return the groups with one of them empty."""
        return replace(self, a=()) if side == "a" else replace(self, b=())


def origin_of(card: ModelCard) -> Origin:
    """Return what a direction remembers of its model."""
    run = card.source.name if card.source else ""
    return Origin(card.name, run, card.kind, card.data, card.latent_dim, card.epoch)


def doubts(direction: Direction, card: ModelCard) -> tuple[str, ...]:
    """Return what speaks against using a direction in a model, in plain words."""
    own, here = direction.origin, origin_of(card)
    if (own.run, own.kind, own.data) != (here.run, here.kind, here.data):
        elsewhere = f"Learned in another model, {own.name}: here it may mean nothing."
        return (elsewhere, *direction.weaknesses)
    if own.epoch != here.epoch:
        old = f"Learned at epoch {own.epoch}, and the model is at {here.epoch}: learn it anew."
        return (old, *direction.weaknesses)
    return direction.weaknesses


def unlike(name: str, taken: Iterable[str]) -> str:
    """Return a name that none has yet: the wanted one, else with a number after it."""
    names = set(taken)
    wanted = name.strip() or "direction"
    if wanted not in names:
        return wanted
    return next(new for i in range(2, len(names) + 3) if (new := f"{wanted} {i}") not in names)


def merged(old: Sequence[Direction], new: Sequence[Direction]) -> tuple[Direction, ...]:
    """Return both, the new ones under names that are free; one that is there already only once."""
    result = list(old)
    for direction in new:
        if direction not in result:
            names = [each.name for each in result]
            result.append(replace(direction, name=unlike(direction.name, names)))
    return tuple(result)


def replaced(
    old: Sequence[Direction], before: Direction | None, after: Direction | None
) -> tuple[Direction, ...]:
    """Return directions with one in the place of another, under a name that is free.

    None for `before` adds one, None for `after` takes one away.
    """
    others = [each for each in old if each != before]
    if after is None:
        return tuple(others)
    after = replace(after, name=unlike(after.name, [each.name for each in others]))
    place = next((place for place, each in enumerate(old) if each == before), len(old))
    return (*others[:place], after, *others[place:])


@dataclass(frozen=True, slots=True)
class MeasureDimensions(Request["Importance"]):
    """Find out what each dimension carries, and the principal components of the codes."""

    priority: ClassVar[Priority] = Priority.BACKGROUND
    modest: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class MakeStrips(Request["Strips"]):
    """Decode pictures along axes through a point; work of low urgency."""

    modest: ClassVar[bool] = True
    priority: ClassVar[Priority] = Priority.BACKGROUND
    point: Point
    axes: tuple[Axis, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class MakeSliderStrips(MakeStrips):
    """See `MakeStrips`; for the sliders of dimensions and components."""


@dataclass(frozen=True, slots=True)
class MakeDirectionStrips(MakeStrips):
    """See `MakeStrips`; for the sliders of directions."""


@dataclass(frozen=True, slots=True)
class ReadDirections(Request["tuple[Direction, ...]"]):
    """Read the directions kept for the open model."""


@dataclass(frozen=True, slots=True)
class LearnDirection(Request["tuple[Direction, ...]"]):
    """Learn a direction and keep it; leaving the ones there are as they are, where wanted.

    What is kept goes to the model named by the card, whichever is open by then.
    """

    updates: ClassVar[type[Request[Any]] | None] = ReadDirections
    card: ModelCard
    source: Source
    method: Method = Method.MEANS
    apart: bool = False


@dataclass(frozen=True, slots=True)
class ChangeDirection(Request["tuple[Direction, ...]"]):
    """Put a direction in the place of another, such as itself renamed.

    None for `before` adds one, None for `after` takes it away.
    """

    updates: ClassVar[type[Request[Any]] | None] = ReadDirections
    writes: ClassVar[bool] = True
    card: ModelCard
    before: Direction | None
    after: Direction | None


@dataclass(frozen=True, slots=True)
class ImportDirections(Request["tuple[Direction, ...]"]):
    """Add the directions of a file to those of a model."""

    updates: ClassVar[type[Request[Any]] | None] = ReadDirections
    writes: ClassVar[bool] = True
    card: ModelCard
    path: Path


@dataclass(frozen=True, slots=True)
class ExportDirections(SaveFile):
    """Write directions to a file that can be shared."""

    directions: tuple[Direction, ...] = field(repr=False)
    path: Path
