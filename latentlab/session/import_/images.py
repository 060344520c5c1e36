"""Preview of the user's images before training: records and requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.session.request import Lifetime, Request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.data.files.archive import Skipped


@dataclass(frozen=True, slots=True)
class ContactSheet:
    """Contact sheet: a sample of preprocessed images, and statistics of the folder or archive.

    Parameters
    ----------
    values : mapping
        The ``data`` table of the recipe.
    pictures : ndarray of uint8, shape (N, H, W) or (N, H, W, 3), or None
        Sample with equal shares of all classes.
    names : tuple of str
        File names of the sample.
    labels : tuple of int
        Indices into ``classes``; empty without classes.
    count : int
        Number of image files.
    classes : tuple of (str, int)
        Name and number of images of each class.
    parts : str
        Number of images of each part, if all can be read.
    table, how, attributes : str, str, tuple of str
        File name of the attribute table, the column or key that joins it, and its attributes.
    notes, problem : tuple of str, str
        Remarks, and the reason why the images cannot be used; else empty.
    """

    values: Mapping[str, Any]
    pictures: NDArray[np.uint8] | None = field(default=None, repr=False, compare=False)
    names: tuple[str, ...] = ()
    labels: tuple[int, ...] = ()
    count: int = 0
    classes: tuple[tuple[str, int], ...] = ()
    parts: str = ""
    table: str = ""
    how: str = ""
    attributes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class HeaderCheck:
    """Files of a folder or ZIP whose headers are not those of images, with reasons."""

    root: Path
    count: int
    skipped: Skipped


@dataclass(frozen=True, slots=True)
class ShowContactSheet(Request["ContactSheet"]):
    """Make a contact sheet of the images of a recipe's ``data`` table."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CheckImageFiles(Request["HeaderCheck"]):
    """Find the files of a folder or ZIP that cannot be read."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    root: Path
