"""Requests for data sets in files: of generated images, or of the images of another data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentlab.session.request import SaveFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

MAX_PER_CLASS = 100_000
MANIFEST = "manifest.csv"
DATASETS = ("npz", "zip")
"""Formats beside a folder."""


@dataclass(frozen=True, slots=True)
class SaveDataset(SaveFile):
    """Write samples of the prior as a data set.

    Parameters
    ----------
    path : Path
        New or empty folder, for PNG files with a manifest; or a ``.zip`` of these, or an ``.npz``.
    count : int
        Images of each class of a conditional model; otherwise images in all.
    seed : int
        Seed of the samples.
    """

    path: Path
    count: int
    seed: int = 0


@dataclass(frozen=True, slots=True)
class SaveImageFolder(SaveFile):
    """Write the images of a data set as PNG files, those of each class into a folder of its name.

    Parameters
    ----------
    path : Path
        New or empty folder; one that holds images is left as it is.
    data : mapping
        Table ``data`` of a recipe.
    """

    path: Path
    data: Mapping[str, Any]
