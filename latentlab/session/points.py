"""Model cards, points, images and paths as frozen records: no torch, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from latentlab.latent.grid import Spacing
from latentlab.latent.interpolation.curves import Easing
from latentlab.session.abilities import ALL, Abilities
from latentlab.session.recipes import model_title

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.data.condition import Label
    from latentlab.data.image_set import ImageSpec
    from latentlab.data.own_image.crop import OwnImage
    from latentlab.latent.codes import Codes
    from latentlab.latent.planes import Plane


GRID_PIXELS = 560
"""Image pixels along a side of the manifold, about as many as it has on the screen."""
MIN_GRID_SIDE, MAX_GRID_SIDE = 6, 20
"""Limits of the default number of manifold tiles along a side."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Description of a model for the window.

    Parameters
    ----------
    name : str
        Display name.
    source : Path or None
        Run folder.
    kind : str
        Model kind in recipes.
    latent_dim : int
        Number of latent dimensions D.
    conditional : bool
        Whether it needs a class label.
    spec : ImageSpec
        Format of its images.
    data : str
        Data set on the map; empty if there is none.
    epoch : int
        Number of complete training epochs.
    note : str
        Remark for the user, such as that another data set is shown.
    recipe : dict
        Recipe as plain values.
    images : int
        Number of images in the data set; the map may show fewer.
    number : int
        Unique among the models that the explorer has opened. All snapshots of a run in training
        have the same number.
    abilities : frozenset of Ability
        What the model can do; panels and actions that need more are greyed.
    file : Path or None
        File of codes without a model.
    obsm : str
        Embedding of that file that was chosen; empty if it was not.
    latent_shape : tuple of int, or None
        Channels, height and width of z, if it is a flattened array of these.
    other : str
        Name of the data set on the map if it is not that of the run; else empty.
    weights : str
        Hash of the weights, which finds the model again; empty for a model in training.
    pseudo_inputs : int
        Number of pseudo-inputs of its VampPrior; 0 for other priors.
    codes : int
        Number of codes in its codebook; 0 if it has none.
    prior_given_label : bool
        Whether its prior is another distribution for each label.
    layers : tuple
        Name and dimensions of each stochastic layer; empty if there is only one.
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
    abilities: Abilities = ALL
    file: Path | None = None
    obsm: str = ""
    latent_shape: tuple[int, int, int] | None = None
    other: str = ""
    weights: str = ""
    pseudo_inputs: int = 0
    codes: int = 0
    prior_given_label: bool = False
    layers: tuple[tuple[str, slice], ...] = ()

    @property
    def title(self) -> str:
        """Model kind and number of dimensions, such as ``Conditional VAE 20-D``."""
        return model_title(self.kind, self.latent_dim)

    def numbered_after(self, before: ModelCard | None) -> ModelCard:
        """Return the card with the number of `before` if it is the same model, else the next."""
        if before is None:
            return self
        mine, other = (
            (card.source, card.kind, card.latent_dim, card.spec, card.other, card.file, card.obsm)
            for card in (self, before)
        )
        return replace(self, number=before.number + (mine != other))

    def point(self, z: Iterable[float], label: Label | None = None) -> Point:
        """Return a point of this model, with the default label of a conditional one if none."""
        if not self.conditional:
            return Point(tuple(z), None, self.number)
        valid = label is not None and self.spec.accepts(label)
        return Point(tuple(z), label if valid else self.spec.default_label, self.number)

    def point_of(self, codes: Codes, row: int) -> Point:
        """Return the code of an image on the map, with the label of the image."""
        return self.point(codes.mu[row].tolist(), codes.label_of(row))

    def mean_of(self, codes: Codes, label: int) -> Point:
        """Return the mean code of a class, with the class.

        With several conditions, the label has the mean number or the most frequent class of each
        among the images of the class.
        """
        z = codes.mean_of(label).tolist()
        if codes.conditions is None or not len(codes):
            return self.point(z, label)
        given = codes.conditions[codes.rows_of(label)]
        pairs = zip(self.spec.conditions, given.T, strict=True)
        return self.point(z, tuple(each.typical(values) for each, values in pairs))

    def name_of(self, codes: Codes, row: int) -> str:
        """Return the display name of an image on the map: its file or row, and its class."""
        name = f"{self.data} {row}" if codes.files is None else str(codes.files[row])
        if codes.labels is None:
            return name
        return f"{name} ({self.spec.class_names[int(codes.labels[row])]})"

    def owns(self, point: Point) -> bool:
        """Return whether a point belongs to this model and has a valid label."""
        if point.model != self.number or len(point.z) != self.latent_dim:
            return False
        if point.label is None:
            return not self.conditional
        return self.conditional and self.spec.accepts(point.label)


@dataclass(frozen=True, slots=True)
class Point:
    """Point in latent space.

    Parameters
    ----------
    z : tuple of float, length D
        Coordinates.
    label : int, tuple of float, or None
        Class, or the value of each condition, for a conditional model.
    model : int
        ``number`` of its model.
    """

    z: tuple[float, ...]
    label: Label | None = None
    model: int = field(default=0, repr=False)

    def along(self, values: dict[int, float]) -> Point:
        """Return the point with some of its coordinates replaced."""
        z = tuple(values.get(i, value) for i, value in enumerate(self.z))
        return replace(self, z=z)

    def at(self, z: tuple[float, ...]) -> Point:
        """Return a point with other coordinates and the same model and label."""
        return Point(z, self.label, self.model)  # `replace` is five times as slow


@dataclass(frozen=True, slots=True)
class Original:
    """Encoded image and its reconstruction.

    Parameters
    ----------
    name : str
        Display name, such as ``digits 17`` or a file name.
    point : Point
        Mean of its posterior.
    row : int or None
        Row among the images on the map; None if it is not one of them.
    picture, reconstruction : ndarray of uint8, shape (H, W) or (H, W, 3), or None
        The image, and the decoded mean of its posterior; None for codes without images, and
        without a decoder.
    sigma : tuple of float, length D
        Standard deviation of its posterior along each dimension; empty if unknown.
    own : OwnImage or None
        Source and preprocessing of the user's own image.
    is_outdated : bool
        Whether the weights have changed since it was encoded.
    """

    name: str
    point: Point
    picture: NDArray[np.uint8] | None = field(repr=False, compare=False)
    reconstruction: NDArray[np.uint8] | None = field(repr=False, compare=False)
    row: int | None = None
    sigma: tuple[float, ...] = field(repr=False, default=())
    own: OwnImage | None = field(repr=False, compare=False, default=None)
    is_outdated: bool = field(repr=False, compare=False, default=False)

    @property
    def pair(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Image and reconstruction, for a model with encoder and decoder."""
        assert self.picture is not None
        assert self.reconstruction is not None
        return self.picture, self.reconstruction


@dataclass(frozen=True, slots=True)
class Picture:
    """Decoded point; `pixels` has shape (H, W) or (H, W, 3)."""

    point: Point
    pixels: NDArray[np.uint8] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Preview:
    """Point under the cursor.

    Parameters
    ----------
    point : Point
        The point.
    pixels : ndarray of uint8, shape (H, W) or (H, W, 3), or None
        Decoded image; None without a decoder.
    original : Original or None
        The real image that it is the code of, if any.
    """

    point: Point
    pixels: NDArray[np.uint8] | None = field(repr=False, compare=False)
    original: Original | None = None


GRID_SIDES, GRID_SPANS, PATH_STEPS = (2, 50), (0.5, 10.0), (2, 1000)
"""Limits of the manifold and of the path, both included, in files of any origin."""


@dataclass(frozen=True, slots=True)
class GridSettings:
    """Layout of the manifold: n by n tiles from -span to span."""

    n: int = 20
    span: float = 3.0
    spacing: Spacing = Spacing.UNIFORM


def grid_side(spec: ImageSpec) -> int:
    """Return the default number of manifold tiles along a side: 20 of 28 pixels, 8 of 64."""
    fitting = GRID_PIXELS // max(spec.shape[1:])
    return min(MAX_GRID_SIDE, max(MIN_GRID_SIDE, fitting))


@dataclass(frozen=True, slots=True)
class Tiles:
    """Decoded points in order.

    Parameters
    ----------
    points : tuple of Point
        One per image.
    pictures : ndarray of uint8, shape (N, H, W) or (N, H, W, 3)
        Decoded images.
    columns : int
        Images per row.
    """

    points: tuple[Point, ...] = field(repr=False)
    pictures: NDArray[np.uint8] = field(repr=False, compare=False)
    columns: int


@dataclass(frozen=True, slots=True)
class CodebookTiles:
    """Codes of a codebook as pictures, and the share of the positions that each stands for."""

    tiles: Tiles
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Manifold:
    """Grid of decoded points over a plane; ``axes``, (2, n), are its coordinates, ascending."""

    tiles: Tiles
    frame: Plane
    axes: NDArray[np.float64] = field(repr=False, compare=False)


class Loop(StrEnum):
    """Playback of a path."""

    BACK = "there and back"
    ONCE = "once"
    ROUND = "round"


@dataclass(frozen=True, slots=True)
class Key:
    """Waypoint, at a time between 0 (A) and 1 (B)."""

    time: float
    point: Point


@dataclass(frozen=True, slots=True)
class LatentPath:
    """Interpolation path: end points, waypoints, steps and timing.

    Parameters
    ----------
    a, b : Point
        End points.
    steps : int
        Number of images, including both ends.
    keys : tuple of Key
        Waypoints in ascending order of time.
    easing : Easing
        Easing within each segment.
    loop : Loop
        Playback; ``ROUND`` returns from B to A.
    """

    a: Point
    b: Point
    steps: int = 12
    keys: tuple[Key, ...] = ()
    easing: Easing = Easing.LINEAR
    loop: Loop = Loop.BACK

    def moved(self, name: str, point: Point) -> LatentPath:
        """Return the path with end point ``"a"`` or ``"b"`` replaced."""
        return replace(self, a=point) if name == "a" else replace(self, b=point)

    def with_keys(self, *keys: Key) -> LatentPath:
        """Return the path with other waypoints, sorted by time."""
        return replace(self, keys=tuple(sorted(keys, key=lambda key: key.time)))

    def stops(self) -> tuple[Key, ...]:
        """Return all points of the path with their times, from 0 to 1.

        The closing segment of a round path lasts as long as the mean of the other segments.
        """
        stops = (Key(0.0, self.a), *self.keys, Key(1.0, self.b))
        if self.loop is not Loop.ROUND:
            return stops
        count = len(stops) - 1
        scaled = (Key(stop.time * count / (count + 1), stop.point) for stop in stops)
        return (*scaled, Key(1.0, self.a))


@dataclass(frozen=True, slots=True)
class SampleSettings:
    """Settings of prior samples; if ``label`` is None, all classes, or combinations, alternate."""

    seed: int = 0
    label: Label | None = None
    count: int = 30
