"""Questions to the explorer and its answers, as frozen records that may cross threads.

A request holds all it needs. Called with the explorer, on the explorer's thread, it returns a
response; nothing else in the window touches the explorer. This module is free of torch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.data.base import Splits
    from latentlab.latent.codes import Codes
    from latentlab.session.curves import Curves
    from latentlab.session.explorer import Explorer
    from latentlab.session.forms import Field
    from latentlab.session.state import (
        Ends,
        Entry,
        GridSettings,
        Manifold,
        ModelCard,
        Original,
        Picture,
        Point,
        SampleSettings,
        Tiles,
    )


class Request(ABC):
    """A question; lower `urgency` numbers are answered first, newer ones replace older."""

    urgency: ClassVar[int] = 5
    about_model: ClassVar[bool] = True
    """Whether the answer is worthless once another model is open."""

    @abstractmethod
    def __call__(self, explorer: Explorer) -> object:
        """Answer it; runs on the explorer's thread and may take its time."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A model is open: what it is, its codes, where to begin and how it was trained."""

    card: ModelCard
    codes: Codes
    start: Point
    ends: Ends
    original: Original | None
    curves: Curves


@dataclass(frozen=True, slots=True)
class Open(Request):
    """Open a run folder or a checkpoint."""

    about_model: ClassVar[bool] = False
    urgency: ClassVar[int] = 0
    path: Path

    def __call__(self, explorer: Explorer) -> Opened:
        """See `Request.__call__`."""
        from latentlab.session.curves import read_curves

        card = explorer.open(self.path)
        curves = read_curves(card.source) if card.source else {}
        return Opened(card, explorer.codes, *explorer.start(), curves)


@dataclass(frozen=True, slots=True)
class Adopted:
    """The model under training has moved on."""

    card: ModelCard
    codes: Codes
    start: Point
    ends: Ends
    original: Original | None


@dataclass(frozen=True, slots=True)
class Adopt(Request):
    """Show the weights of a model under training."""

    about_model: ClassVar[bool] = False
    urgency: ClassVar[int] = 6
    recipe: Mapping[str, Any]
    splits: Splits = field(repr=False)
    weights: Mapping[str, NDArray] = field(repr=False)
    epoch: int
    folder: Path | None

    def __call__(self, explorer: Explorer) -> Adopted:
        """See `Request.__call__`."""
        card = explorer.adopt(self.recipe, self.splits, self.weights, self.epoch, self.folder)
        return Adopted(card, explorer.codes, *explorer.start())


@dataclass(frozen=True, slots=True)
class Decode(Request):
    """Decode the committed point."""

    urgency: ClassVar[int] = 1
    point: Point

    def __call__(self, explorer: Explorer) -> Picture:
        """See `Request.__call__`."""
        return explorer.decode(self.point)


@dataclass(frozen=True, slots=True)
class Hovered:
    """What lies under the cursor: a decoded point and the nearest real image, if any."""

    picture: Picture
    original: Original | None


@dataclass(frozen=True, slots=True)
class Hover(Request):
    """Decode the point under the cursor, and the image nearest to it."""

    urgency: ClassVar[int] = 2
    point: Point
    row: int | None = None

    def __call__(self, explorer: Explorer) -> Hovered:
        """See `Request.__call__`."""
        original = None if self.row is None else explorer.original(self.row)
        return Hovered(explorer.decode(self.point), original)


@dataclass(frozen=True, slots=True)
class MakeStrip(Request):
    """Decode the way from A to B."""

    urgency: ClassVar[int] = 3
    ends: Ends

    def __call__(self, explorer: Explorer) -> Tiles:
        """See `Request.__call__`."""
        return explorer.strip(self.ends)


@dataclass(frozen=True, slots=True)
class MakeManifold(Request):
    """Decode a grid over a plane."""

    urgency: ClassVar[int] = 4
    point: Point
    plane: tuple[int, int]
    grid: GridSettings

    def __call__(self, explorer: Explorer) -> Manifold:
        """See `Request.__call__`."""
        return explorer.manifold(self.point, self.plane, self.grid)


@dataclass(frozen=True, slots=True)
class MakeSamples(Request):
    """Decode points drawn from the prior."""

    settings: SampleSettings
    columns: int = 0

    def __call__(self, explorer: Explorer) -> Tiles:
        """See `Request.__call__`."""
        return explorer.samples(self.settings, self.columns)


@dataclass(frozen=True, slots=True)
class PickImage(Request):
    """Take an image of the map: its code, and its reconstruction."""

    urgency: ClassVar[int] = 1
    row: int
    role: str = "z"
    """``"z"``, ``"a"`` or ``"b"``: what its code is to become."""

    def __call__(self, explorer: Explorer) -> Original:
        """See `Request.__call__`."""
        return explorer.original(self.row)


@dataclass(frozen=True, slots=True)
class EncodeFile(Request):
    """Encode a person's own picture."""

    urgency: ClassVar[int] = 1
    path: Path
    label: int | None = None
    role: str = "z"

    def __call__(self, explorer: Explorer) -> Original:
        """See `Request.__call__`."""
        return explorer.encode(self.path, self.label)


@dataclass(frozen=True, slots=True)
class Exported:
    """A file was written."""

    path: Path


@dataclass(frozen=True, slots=True)
class Export(Request):
    """Write pictures to a file: a sheet as PNG, or frames as GIF where the name says so."""

    about_model: ClassVar[bool] = False
    tiles: Tiles
    path: Path
    info: Mapping[str, Any]
    gap: int = 0

    def __call__(self, explorer: Explorer) -> Exported:
        """See `Request.__call__`."""
        from latentlab.session.export import save_tiles

        save_tiles(self.tiles, self.path, self.info, self.gap)
        return Exported(self.path)


@dataclass(frozen=True, slots=True)
class ListLibrary(Request):
    """Look which models there are."""

    about_model: ClassVar[bool] = False

    def __call__(self, explorer: Explorer) -> tuple[Entry, ...]:
        """See `Request.__call__`."""
        from latentlab.session.runs import library

        return library()


@dataclass(frozen=True, slots=True)
class DescribeForm(Request):
    """Describe the training form."""

    about_model: ClassVar[bool] = False

    def __call__(self, explorer: Explorer) -> tuple[Field, ...]:
        """See `Request.__call__`."""
        from latentlab.learning.recipe import Recipe
        from latentlab.session.forms import describe

        return describe(Recipe)


@dataclass(frozen=True, slots=True)
class ReadRecipe(Request):
    """Read a recipe file for the training form."""

    about_model: ClassVar[bool] = False
    path: Path

    def __call__(self, explorer: Explorer) -> Mapping[str, Any]:
        """See `Request.__call__`."""
        from latentlab.learning.recipe import read_recipe

        return read_recipe(self.path).to_dict()


@dataclass(frozen=True, slots=True)
class Discard(Request):
    """Throw the folder of a cancelled run away."""

    about_model: ClassVar[bool] = False
    folder: Path

    def __call__(self, explorer: Explorer) -> None:
        """See `Request.__call__`."""
        import shutil

        shutil.rmtree(self.folder, ignore_errors=True)
