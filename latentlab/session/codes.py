"""Files of codes: opened without a model, or used with the open one."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from latentlab.directories import ANNDATA_SUFFIX, CODE_SUFFIXES
from latentlab.session.abilities import DECODER, Abilities
from latentlab.session.interpolation import Bookmark
from latentlab.session.model import Open
from latentlab.session.points import Key, LatentPath
from latentlab.session.request import Lifetime, Priority, Request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.session.points import Point

KIND = "codes"
"""``ModelCard.kind`` of codes without a model."""
MAX_POINTS = 100
"""Maximum number of codes that become waypoints or bookmarks."""


class CodeUse(StrEnum):
    """What is done with codes of the open model's latent space."""

    SELECTION = "Select their images on the map"
    PATH = "Make a path through them"
    BOOKMARKS = "Add them to the bookmarks"
    OPEN = "Open the file without the model"


@dataclass(frozen=True, eq=False)
class CodesForModel:
    """Codes of a file that fit the open model.

    Parameters
    ----------
    path : Path
        The file.
    obsm : str
        Embedding that was chosen, as in `OpenCodes`.
    count : int
        Number of codes; 0 if they do not fit the model.
    rows : ndarray of int64, shape (M,)
        Rows of the map that are the same images, by file name or by code.
    points : tuple of Point
        The codes; empty if there are more than `MAX_POINTS`.
    pictures : ndarray of uint8, shape (N, H, W) or (N, H, W, 3), or None
        Decoded points.
    """

    path: Path
    obsm: str = ""
    count: int = 0
    rows: NDArray[np.int64] | None = field(repr=False, default=None)
    points: tuple[Point, ...] = field(repr=False, default=())
    pictures: NDArray[np.uint8] | None = field(repr=False, default=None)

    def problem(self, use: CodeUse) -> str:
        """Return why the codes cannot be used like this; empty if they can."""
        if use is CodeUse.SELECTION and (self.rows is None or not len(self.rows)):
            return "No image on the map has these file names or codes."
        if use in (CodeUse.PATH, CodeUse.BOOKMARKS) and not self.points:
            return f"There are more than {MAX_POINTS} codes."
        if use is CodeUse.PATH and self.count < 2:
            return "A path needs at least two codes."
        return ""

    def path_through(self) -> LatentPath:
        """Return the path through the codes, in their order and at equal times."""
        first, *inner, last = self.points
        keys = [Key(i / (len(inner) + 1), point) for i, point in enumerate(inner, 1)]
        return LatentPath(first, last).with_keys(*keys)

    def bookmarks(self) -> tuple[Bookmark, ...]:
        """Return a bookmark of each code, noted by file and number."""
        assert self.pictures is not None
        return tuple(
            Bookmark(point, f"{self.path.stem} {number}", pixels)
            for number, (point, pixels) in enumerate(
                zip(self.points, self.pictures, strict=True), 1
            )
        )


@dataclass(frozen=True, slots=True)
class OpenCodes(Open):
    """Open a file of codes as a data set without a model.

    Parameters
    ----------
    obsm : str
        Name of the embedding of a file that holds several; empty for the most likely one.
    """

    obsm: str = ""


@dataclass(frozen=True, slots=True)
class ReadCodes(Request[CodesForModel]):
    """Read a file of codes, and find out whether they are points of the open model."""

    needs: ClassVar[Abilities] = DECODER
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    path: Path
    obsm: str = ""
    """As in `OpenCodes`."""


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Names of the embeddings of a file with their dimensions, the most likely one first."""

    path: Path
    names: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ListEmbeddings(Request[Embeddings]):
    """List the embeddings of a file of AnnData."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    path: Path


def may_hold_several(path: Path) -> bool:
    """Return whether a file of codes may hold several embeddings, of which one is chosen."""
    return path.suffix.lower() == ANNDATA_SUFFIX


def is_code_file(path: Path) -> bool:
    """Return whether a path is a file that may hold codes, by its suffix."""
    return path.suffix.lower() in CODE_SUFFIXES and not path.is_dir()


def open_request(path: Path, obsm: str = "") -> Open:
    """Return the request that opens a file, by its suffix: codes, or a run or a checkpoint."""
    return OpenCodes(path, obsm) if is_code_file(path) else Open(path)
