"""A first look at images that somebody may want to learn from: records and requests."""

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
class Contact:
    """A contact sheet: some pictures as a model would see them, and how many there are.

    Parameters
    ----------
    values : mapping
        The ``data`` table of the recipe that was asked about.
    pictures : ndarray of uint8, shape (N, H, W) or (N, H, W, 3), or None
        A few, of all classes alike.
    names : tuple of str
        Their files.
    labels : tuple of int
        Their rows of ``classes``; empty without classes.
    count : int
        Files that should be pictures.
    classes : tuple of (str, int)
        Name and number of pictures of each.
    table, how, attributes : str, str, tuple of str
        The table that lies with them, by what it was joined, and what it tells.
    notes, problem : tuple of str, str
        What one should know; why they cannot be used. Else empty.
    """

    values: Mapping[str, Any]
    pictures: NDArray[np.uint8] | None = field(default=None, repr=False, compare=False)
    names: tuple[str, ...] = ()
    labels: tuple[int, ...] = ()
    count: int = 0
    classes: tuple[tuple[str, int], ...] = ()
    table: str = ""
    how: str = ""
    attributes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """Which files of a folder or ZIP are no pictures, by their heads, and why."""

    root: Path
    count: int
    skipped: Skipped


@dataclass(frozen=True, slots=True)
class ShowContactSheet(Request["Contact"]):
    """Show some pictures as a model would see them, given a recipe's ``data`` table."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CheckImageFiles(Request["Checked"]):
    """Look which files of a folder or ZIP cannot be read."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    root: Path
