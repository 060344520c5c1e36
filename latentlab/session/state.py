"""What the window shows, as frozen records: no torch, no Qt.

``State`` is one snapshot of everything on screen. Only the controller replaces it; panels
render what changed. All arrays are read-only by agreement.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from latentlab.latent.manifold import Spacing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.data.base import ImageSpec
    from latentlab.latent.codes import Codes
    from latentlab.learning.events import Change, Portrait
    from latentlab.session.curves import Curves
    from latentlab.session.failure import Failure
    from latentlab.session.forms import Field
    from latentlab.session.latents import LatentCurves


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

    @property
    def title(self) -> str:
        """Its kind and size, as ``CVAE 20-D``."""
        return f"{self.kind.upper()} {self.latent_dim}-D"


@dataclass(frozen=True, slots=True)
class Point:
    """A place in latent space.

    Parameters
    ----------
    z : tuple of float, length D
        Coordinates.
    label : int or None
        Class, for a conditional model.
    """

    z: tuple[float, ...]
    label: int | None = None

    def along(self, values: dict[int, float]) -> Point:
        """Return the point with some of its coordinates replaced."""
        z = tuple(values.get(i, value) for i, value in enumerate(self.z))
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
    """

    name: str
    point: Point
    picture: NDArray[np.uint8] = field(repr=False, compare=False)
    reconstruction: NDArray[np.uint8] = field(repr=False, compare=False)
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded point."""

    point: Point
    pixels: NDArray[np.uint8] = field(repr=False, compare=False)


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
    plane: tuple[int, int]
    axis: NDArray[np.float64] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Ends:
    """Where an interpolation starts and stops, in how many steps."""

    a: Point
    b: Point
    steps: int = 12

    def moved(self, name: str, point: Point) -> Ends:
        """Return the ends with ``"a"`` or ``"b"`` elsewhere."""
        return replace(self, a=point) if name == "a" else replace(self, b=point)


@dataclass(frozen=True, slots=True)
class SampleSettings:
    """Which samples to draw; ``label`` None means every class in turn."""

    seed: int = 0
    label: int | None = None
    count: int = 30


@dataclass(frozen=True, slots=True)
class Entry:
    """A model in the library.

    Parameters
    ----------
    name, detail : str
        Its name and a line about it.
    path : Path
        Its run folder.
    shipped : bool
        Whether it came with the program.
    thumbnail : ndarray of uint8 or None
        A picture of its samples.
    epoch, epochs : int
        How many it has had, of how many in all; 0 where that is not known.
    resumable : bool
        Whether training can go on exactly where it stood.
    """

    name: str
    detail: str
    path: Path
    shipped: bool
    thumbnail: NDArray[np.uint8] | None = field(repr=False, compare=False, default=None)
    epoch: int = 0
    epochs: int = 0
    resumable: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Training under way.

    Parameters
    ----------
    phase : str
        ``"loading"``, ``"training"``, ``"paused"`` or ``"stopping"``.
    message : str
        What is being done, while loading.
    fraction : float or None
        How much of the whole is done.
    """

    phase: str = "loading"
    message: str = "Starting"
    fraction: float | None = None
    device: str = ""
    epoch: int = 0
    epochs: int = 0
    seconds_per_epoch: float | None = None
    seconds_left: float | None = None
    images_per_second: float = 0.0
    validation_loss: float | None = None
    best_loss: float | None = None
    best_epoch: int = 0
    plateau: int = 0
    patience: int = 0
    memory: int = 0
    recipe: Mapping[str, Any] = field(default_factory=dict, compare=False)
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What a run folder tells of its run so far.

    Parameters
    ----------
    curves, changes, latents : Curves, tuple of Change, LatentCurves or None
        What was measured, and what was changed under way.
    moments : tuple of int
        Epochs whose portraits were kept.
    portrait : Portrait or None
        The last of them.
    findings : tuple of Finding
        What all this says.
    """

    curves: Curves = field(default_factory=dict, repr=False)
    changes: tuple[Change, ...] = ()
    latents: LatentCurves | None = None
    moments: tuple[int, ...] = ()
    portrait: Portrait | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be trained: a recipe anew, or an earlier run further.

    Parameters
    ----------
    recipe : dict
        As plain values, for a new run.
    folder : Path or None
        The run to go on with.
    epochs : int or None
        Epochs in all, where the earlier run is to have others than before.
    """

    recipe: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    epochs: int | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """A run whose curves are drawn beside those of the open one."""

    name: str
    path: Path
    curves: Curves = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Remedy:
    """Something to try, as changes of the recipe: pairs of a dotted key and a value."""

    text: str
    changes: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a run's own numbers say about it.

    Parameters
    ----------
    key : str
        Names the check, such as ``collapse``.
    level : str
        ``"fine"``, ``"watch"`` or ``"trouble"``.
    title : str
        One sentence in plain words.
    evidence : str
        The numbers it rests on.
    remedies : tuple of Remedy
        What to try, the first choice first.
    """

    key: str
    level: str
    title: str
    evidence: str
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """Everything on screen; see each record.

    ``curves``, ``changes``, ``latents``, ``portrait`` and ``findings`` belong to the open run,
    or to the one under way while it is followed. ``moments`` are the epochs whose portraits it
    kept, ``moment`` the one looked back at, None for the latest. ``rhythm`` is the seconds
    between two pictures of a model under training.
    """

    model: ModelCard | None = None
    opening: str = ""
    codes: Codes | None = None
    point: Point | None = None
    picture: Picture | None = None
    preview: Picture | None = None
    original: Original | None = None
    hovered: Original | None = None
    plane: tuple[int, int] = (0, 1)
    grid: GridSettings = GridSettings()
    manifold: Manifold | None = None
    ends: Ends | None = None
    strip: Tiles | None = None
    sampling: SampleSettings = SampleSettings()
    samples: Tiles | None = None
    curves: Curves = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    latents: LatentCurves | None = None
    portrait: Portrait | None = None
    moments: tuple[int, ...] = ()
    moment: int | None = None
    findings: tuple[Finding, ...] = ()
    compared: tuple[Compared, ...] = ()
    queue: tuple[Mapping[str, Any], ...] = ()
    rhythm: float = 1.0
    library: tuple[Entry, ...] = ()
    form: tuple[Field, ...] = ()
    draft: Mapping[str, Any] | None = None
    run: Run | None = None
    following: bool = True
    message: str = ""
    failure: Failure | None = None
    can_undo: bool = False
    can_redo: bool = False
