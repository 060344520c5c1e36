"""Directions in latent space: records (saved and exported) and requests."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import FailFast

from latentlab.latent.directions import Method
from latentlab.session.abilities import DECODER, Abilities
from latentlab.session.axes import Axis
from latentlab.session.request import Priority, Request, SaveFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from latentlab.latent.codes import Codes
    from latentlab.session.axes import DimensionStatistics, Strips
    from latentlab.session.points import ModelCard, Point

MIN_GROUP_SIZE = 20
"""Images per group below which sampling noise dominates a direction."""
LARGE_EFFECT = 0.8
"""Cohen's d at and above which an effect is called large (Cohen 1988)."""
Z_99 = 2.33
"""Standard errors above one half that guessing exceeds in 1 % of tests (one-sided)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The model that a direction was learned in.

    Parameters
    ----------
    name, run, kind, data : str
        Model name, name of the run folder, model kind, and data set of the codes.
    latent_dim : int
        Number of latent dimensions D.
    epoch : int
        Number of complete training epochs.
    """

    name: str
    run: str
    kind: str
    data: str
    latent_dim: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Direction:
    """Direction in the latent space of one model.

    Parameters
    ----------
    name : str
        The attribute that it changes, such as ``smile``.
    vector : tuple of float, length D
        Unit vector.
    scale : float
        Standard deviation of the codes along it, greater than 0.
    method : str
        Method that computed it.
    source : str
        Description of the training examples.
    counts : (int, int)
        Number of images in the positive and in the negative group.
    d, accuracy : float or None
        Cohen's d of the two groups and balanced accuracy on held-out codes; None if unknown.
    origin : Origin
        Model that it was learned in.
    apart_from : tuple of str
        Directions to which it was made orthogonal.
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
        """Warnings about its reliability, one sentence each; empty if there are none."""
        said = []
        if min(self.counts) < MIN_GROUP_SIZE:
            few = f"Learned from only {self.counts[0]} and {self.counts[1]} images"
            said.append(f"{few}: it may be due to chance. Use {MIN_GROUP_SIZE} or more of each.")
        if self.d is None or self.accuracy is None:
            said.append("Its strength is unknown: there are too few images to test it on.")
            return tuple(said)
        if self.d < LARGE_EFFECT:
            said.append(
                "The two groups overlap widely along this direction: it may change something else."
            )
        if self.accuracy <= chance_accuracy_p99(self.counts):
            said.append("It classifies held-out images no better than chance (50%).")
        return tuple(said)

    @property
    def strength(self) -> str:
        """Effect size, held-out accuracy and group sizes as one line of text."""
        parts = [] if self.d is None else [f"Cohen's d {self.d:.2f}"]
        parts += [] if self.accuracy is None else [f"held-out accuracy {self.accuracy:.0%}"]
        return " · ".join([*parts, f"{self.counts[0]} against {self.counts[1]} images"])

    def axis(self, codes: Codes) -> Axis:
        """Return the axis along which z moves."""
        vector = np.array(self.vector)
        middle = float(codes.center @ vector) if len(codes) else 0.0
        return Axis(self.name, vector, middle, self.scale)


def chance_accuracy_p99(counts: tuple[int, int]) -> float:
    """Return the balanced accuracy that guessing does not exceed in 99 % of tests.

    Parameters
    ----------
    counts : (int, int)
        Images per group; the accuracy of each group is binomial, and the two are averaged.
        Counts are at least `FEW`: smaller groups have a warning of their own.
    """
    variance = sum(0.25 / max(MIN_GROUP_SIZE, count) for count in counts) / 4
    return 0.5 + Z_99 * math.sqrt(variance)


@dataclass(frozen=True, slots=True)
class DirectionSource:
    """Examples that a direction is learned from.

    Parameters
    ----------
    kind : str
        ``"attribute"``, ``"class"`` or ``"groups"``.
    name : str
        Name of the attribute or the class.
    groups : Groups or None
        Rows of manually selected groups.
    level : str
        Attribute level contrasted with all others; empty for binary and numeric attributes.
    """

    kind: str
    name: str = ""
    groups: Groups | None = None
    level: str = ""

    @property
    def title(self) -> str:
        """Default name of the learned direction; empty for groups."""
        return f"{self.name} {self.level}".strip()


GROUP_NAMES = {"a": "with", "b": "without"}
"""Names of the two groups on screen: images with and without the property."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Two groups of images on the map, by row."""

    a: tuple[int, ...] = field(default=(), repr=False)
    b: tuple[int, ...] = field(default=(), repr=False)

    def added(self, side: str, *rows: int) -> Groups:
        """Return the groups with images moved into group ``"a"`` or ``"b"``."""
        new = set(rows)
        a, b = (tuple(row for row in group if row not in new) for group in (self.a, self.b))
        return Groups((*a, *rows), b) if side == "a" else Groups(a, (*b, *rows))

    def cleared(self, side: str) -> Groups:
        """Return the groups with one of them emptied."""
        return replace(self, a=()) if side == "a" else replace(self, b=())


def origin_of(card: ModelCard) -> Origin:
    """Return the origin that a direction learned in a model records."""
    run = card.source.name if card.source else ""
    return Origin(card.name, run, card.kind, card.data, card.latent_dim, card.epoch)


def warnings_for(direction: Direction, card: ModelCard) -> tuple[str, ...]:
    """Return warnings about using a direction in a model, one sentence each."""
    own, here = direction.origin, origin_of(card)
    if (own.run, own.kind, own.data) != (here.run, here.kind, here.data):
        elsewhere = f"Learned in another model, {own.name}. In this model it may have no meaning."
        return (elsewhere, *direction.weaknesses)
    if own.epoch != here.epoch:
        old = (
            f"Learned at epoch {own.epoch}; the model is now at epoch {here.epoch}. Learn it again."
        )
        return (old, *direction.weaknesses)
    return direction.weaknesses


def unique_name(name: str, taken: Iterable[str]) -> str:
    """Return a unique name: the given one, with a number appended if it is taken."""
    names = set(taken)
    wanted = name.strip() or "direction"
    if wanted not in names:
        return wanted
    return next(new for i in range(2, len(names) + 3) if (new := f"{wanted} {i}") not in names)


def merge_directions(old: Sequence[Direction], new: Sequence[Direction]) -> tuple[Direction, ...]:
    """Return both without duplicates, the new ones renamed to unique names."""
    result = list(old)
    for direction in new:
        if direction not in result:
            names = [each.name for each in result]
            result.append(replace(direction, name=unique_name(direction.name, names)))
    return tuple(result)


def replace_direction(
    old: Sequence[Direction], before: Direction | None, after: Direction | None
) -> tuple[Direction, ...]:
    """Return the directions with `before` replaced by `after`, under a unique name.

    If `before` is None, `after` is appended; if `after` is None, `before` is removed.
    """
    others = [each for each in old if each != before]
    if after is None:
        return tuple(others)
    after = replace(after, name=unique_name(after.name, [each.name for each in others]))
    index = next((index for index, each in enumerate(old) if each == before), len(old))
    return (*others[:index], after, *others[index:])


@dataclass(frozen=True, slots=True)
class MeasureDimensions(Request["DimensionStatistics"]):
    """Measure the KL of each dimension and the principal components of the codes."""

    priority: ClassVar[Priority] = Priority.BACKGROUND
    modest: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class MakeStrips(Request["Strips"]):
    """Decode images along axes through a point, at low priority."""

    needs: ClassVar[Abilities] = DECODER
    modest: ClassVar[bool] = True
    priority: ClassVar[Priority] = Priority.BACKGROUND
    point: Point
    axes: tuple[Axis, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class MakeSliderStrips(MakeStrips):
    """`MakeStrips` for the sliders of dimensions and components."""


@dataclass(frozen=True, slots=True)
class MakeDirectionStrips(MakeStrips):
    """`MakeStrips` for the sliders of directions."""


@dataclass(frozen=True, slots=True)
class ReadDirections(Request["tuple[Direction, ...]"]):
    """Read the saved directions of the open model."""


@dataclass(frozen=True, slots=True)
class LearnDirection(Request["tuple[Direction, ...]"]):
    """Learn a direction and save it; `apart` makes it orthogonal to the saved ones.

    It is saved for the model of `card`, even if another model is open by then.
    """

    updates: ClassVar[type[Request[Any]] | None] = ReadDirections
    card: ModelCard
    source: DirectionSource
    method: Method = Method.MEANS
    apart: bool = False


@dataclass(frozen=True, slots=True)
class ReplaceDirection(Request["tuple[Direction, ...]"]):
    """Replace a direction, for example by itself renamed.

    If `before` is None, `after` is appended; if `after` is None, `before` is removed.
    """

    updates: ClassVar[type[Request[Any]] | None] = ReadDirections
    writes: ClassVar[bool] = True
    card: ModelCard
    before: Direction | None
    after: Direction | None


@dataclass(frozen=True, slots=True)
class SaveDirections(Request["tuple[Direction, ...]"]):
    """Replace all directions of a model."""

    updates: ClassVar[type[Request[Any]] | None] = ReadDirections
    writes: ClassVar[bool] = True
    card: ModelCard
    directions: tuple[Direction, ...]


@dataclass(frozen=True, slots=True)
class ImportDirections(Request["tuple[Direction, ...]"]):
    """Add the directions of a file to those of a model."""

    updates: ClassVar[type[Request[Any]] | None] = ReadDirections
    writes: ClassVar[bool] = True
    card: ModelCard
    path: Path


@dataclass(frozen=True, slots=True)
class ExportDirections(SaveFile):
    """Write directions to a file that other users can import."""

    directions: tuple[Direction, ...] = field(repr=False)
    path: Path
