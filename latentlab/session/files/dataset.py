"""Request for a data set of generated images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentlab.session.request import SaveFile

if TYPE_CHECKING:
    from pathlib import Path

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
