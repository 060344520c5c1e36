"""What is looked at in a latent space, as frozen records: no torch, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from latentlab.latent.grid import Spacing
from latentlab.latent.interpolation.curves import Easing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.data.image_set import ImageSpec
    from latentlab.data.own_image.crop import OwnImage
    from latentlab.latent.codes import Codes
    from latentlab.latent.planes import Frame


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model as the window knows it.

    Parameters
    ----------
    name : str
        What people call it.
    source : Path or None
        Its run folder.
    kind : str
        Its kind in recipes.
    latent_dim : int
        D.
    conditional : bool
        Whether it must be told a label.
    spec : ImageSpec
        The images it makes.
    data : str
        The data set on the map; empty where there is none.
    epoch : int
        Whole epochs of training behind it.
    note : str
        Something the user should know, such as that another data set is shown.
    recipe : dict
        How it was made, as plain values.
    images : int
        How many images the data set has; the map may show some of them.
    number : int
        Tells it from every other model that the same explorer has opened. The snapshots of a
        run in training are one model.
    """

    name: str
    source: Path | None
    kind: str
    latent_dim: int
    conditional: bool
    spec: ImageSpec
    data: str = ""
    epoch: int = 0
    note: str = ""
    recipe: dict[str, Any] = field(default_factory=dict, compare=False)
    images: int = 0
    number: int = 0

    @property
    def title(self) -> str:
        """Its kind and size, as ``CVAE 20-D``."""
        return f"{self.kind.upper()} {self.latent_dim}-D"

    def numbered_after(self, before: ModelCard | None) -> ModelCard:
        """Return it with the number of the model open before if it is the same, else the next."""
        if before is None:
            return self
        mine, other = (
            (card.source, card.kind, card.latent_dim, card.spec) for card in (self, before)
        )
        return replace(self, number=before.number + (mine != other))

    def point(self, z: Iterable[float], label: int | None = None) -> Point:
        """Return a point of this model; only a conditional model keeps the label, or takes 0."""
        return Point(tuple(z), (label or 0) if self.conditional else None, self.number)

    def point_of(self, codes: Codes, row: int) -> Point:
        """Return the code of an image of the map, under the image's own label."""
        label = None if codes.labels is None else int(codes.labels[row])
        return self.point(codes.mu[row].tolist(), label)

    def name_of(self, codes: Codes, row: int) -> str:
        """Return what to call an image of the map: its file, or its number, and its class."""
        name = f"{self.data} {row}" if codes.files is None else str(codes.files[row])
        if codes.labels is None:
            return name
        return f"{name} ({self.spec.class_names[int(codes.labels[row])]})"

    def owns(self, point: Point) -> bool:
        """Say whether a point is one of this model's, with a label that it knows."""
        if point.model != self.number or len(point.z) != self.latent_dim:
            return False
        if point.label is None:
            return not self.conditional
        return self.conditional and 0 <= point.label < max(1, self.spec.classes)


@dataclass(frozen=True, slots=True)
class Point:
    """A place in latent space.

    Parameters
    ----------
    z : tuple of float, length D
        Coordinates.
    label : int or None
        Class, for a conditional model.
    model : int
        The ``number`` of the model that it is a point of.
    """

    z: tuple[float, ...]
    label: int | None = None
    model: int = field(default=0, repr=False)

    def along(self, values: dict[int, float]) -> Point:
        """Return the point with some of its coordinates replaced."""
        z = tuple(values.get(i, value) for i, value in enumerate(self.z))
        return replace(self, z=z)

    def at(self, z: tuple[float, ...]) -> Point:
        """Return the point elsewhere, of the same model and with the same label."""
        return replace(self, z=z)


@dataclass(frozen=True, slots=True)
class Original:
    """A real image that was encoded, and what the model makes of it.

    Parameters
    ----------
    name : str
        Such as ``digits 17`` or a file name.
    point : Point
        The mean of its posterior.
    row : int or None
        Its place among the map's images, where it is one of them.
    picture, reconstruction : ndarray of uint8, shape (H, W) or (H, W, 3)
        The image, and the decoded mean of its posterior.
    sigma : tuple of float, length D
        Deviation of its posterior along each dimension; empty where that is not known.
    own : Own or None
        Where it came from, for a person's own picture.
    """

    name: str
    point: Point
    picture: NDArray[np.uint8] = field(repr=False, compare=False)
    reconstruction: NDArray[np.uint8] = field(repr=False, compare=False)
    row: int | None = None
    sigma: tuple[float, ...] = field(repr=False, default=())
    own: OwnImage | None = field(repr=False, compare=False, default=None)


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded point."""

    point: Point
    pixels: NDArray[np.uint8] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Preview:
    """What lies under the cursor: a decoded point, and the real image that it is of, if any."""

    picture: Picture
    original: Original | None = None

    @property
    def point(self) -> Point:
        """Where it lies."""
        return self.picture.point

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """What it decodes to, shape (H, W) or (H, W, 3)."""
        return self.picture.pixels


@dataclass(frozen=True, slots=True)
class GridSettings:
    """How the manifold is laid out: n by n tiles from -span to span."""

    n: int = 20
    span: float = 3.0
    spacing: Spacing = Spacing.UNIFORM


@dataclass(frozen=True, slots=True)
class Tiles:
    """Decoded points in order.

    Parameters
    ----------
    points : tuple of Point
        One per picture.
    pictures : ndarray of uint8, shape (N, H, W) or (N, H, W, 3)
        What they decode to.
    columns : int
        How many to a row.
    """

    points: tuple[Point, ...] = field(repr=False)
    pictures: NDArray[np.uint8] = field(repr=False, compare=False)
    columns: int


@dataclass(frozen=True, slots=True)
class Manifold:
    """A grid of decoded points over a plane; ``axis`` holds its lines, ascending."""

    tiles: Tiles
    frame: Frame
    axis: NDArray[np.float64] = field(repr=False, compare=False)


class Loop(StrEnum):
    """How a way is played."""

    BACK = "there and back"
    ONCE = "once"
    ROUND = "round"


@dataclass(frozen=True, slots=True)
class Key:
    """A point to come through, at a time between 0, where A is, and 1, where B is."""

    time: float
    point: Point


@dataclass(frozen=True, slots=True)
class LatentPath:
    """An interpolation: where it starts and stops, what it comes through, in how many steps.

    Parameters
    ----------
    a, b : Point
        The ends.
    steps : int
        Pictures, ends included.
    keys : tuple of Key
        Points between, in the order of their times.
    easing : Easing
        How time passes from one point to the next.
    loop : Loop
        How it is played; ``ROUND`` leads from B back to A.
    """

    a: Point
    b: Point
    steps: int = 12
    keys: tuple[Key, ...] = ()
    easing: Easing = Easing.LINEAR
    loop: Loop = Loop.BACK

    def moved(self, name: str, point: Point) -> LatentPath:
        """Return the ends with ``"a"`` or ``"b"`` elsewhere."""
        return replace(self, a=point) if name == "a" else replace(self, b=point)

    def with_keys(self, *keys: Key) -> LatentPath:
        """Return the ends with other points between, put in order."""
        return replace(self, keys=tuple(sorted(keys, key=lambda key: key.time)))

    def stops(self) -> tuple[Key, ...]:
        """Return all points of the way with their times, from 0 to 1.

        The leg of a round way from B back to A lasts as long as the others do on average.
        """
        stops = (Key(0.0, self.a), *self.keys, Key(1.0, self.b))
        if self.loop is not Loop.ROUND:
            return stops
        legs = len(stops) - 1
        shrunk = (Key(stop.time * legs / (legs + 1), stop.point) for stop in stops)
        return (*shrunk, Key(1.0, self.a))


@dataclass(frozen=True, slots=True)
class SampleSettings:
    """Which samples to draw; ``label`` None means every class in turn."""

    seed: int = 0
    label: int | None = None
    count: int = 30
