"""Data sets in files that are opened or dropped: record and request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.session.request import Lifetime, Request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class FoundDataset:
    """Data set in a file or folder.

    Parameters
    ----------
    values : mapping
        The ``data`` table of a recipe.
    title : str
        Kind of data set and number of images, if known.
    """

    values: Mapping[str, Any] = field(compare=False)
    title: str


@dataclass(frozen=True, slots=True)
class FindDataset(Request["FoundDataset | None"]):
    """Find the images in a file or folder that a model can learn from; None if there are none."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    path: Path
