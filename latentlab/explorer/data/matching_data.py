"""Selection of the images that are shown with an opened model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.config import parse
from latentlab.data.conditions import read_splits
from latentlab.data.data_set import DATA, DataConfig
from latentlab.data.fingerprint import misfit
from latentlab.data.parts import Splits
from latentlab.directories import is_imported
from latentlab.errors import DataError, RunError
from latentlab.runs.run_data import load_run_data, read_run_data
from latentlab.work import finish

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.learning.checkpoint import Checkpoint

EMPTY_MAP_SUFFIX = ": the map is empty."
"""Suffix of the reason why a model has no images."""
UNKNOWN_DATA = "The data set of this imported model is unknown"
GENERATED_IMAGES = 2000
"""Images generated for a shipped model; their encoding takes about a second."""


def find_images(
    folder: Path, checkpoint: Checkpoint, *, shipped: bool
) -> tuple[Splits | None, str, str]:
    """Return images for the map, the kind of their data set, and a note for the user.

    If the images of a run are not available, there are none, and the note says why; those of
    another data set are never substituted.
    """
    wanted = checkpoint.recipe.data
    if is_imported(folder) and read_run_data(folder) is None:
        return None, "", f"{UNKNOWN_DATA}{EMPTY_MAP_SUFFIX}"
    try:
        if shipped:
            wanted = _bundled(wanted)
            splits = finish(read_splits(wanted, checkpoint.spec.conditions))
            if problem := misfit(checkpoint.spec, splits.spec):
                raise DataError(f"{problem}.")
        else:
            splits = finish(load_run_data(folder, wanted, checkpoint.spec))
    except (DataError, RunError) as error:
        return None, "", f"{error.message.removesuffix('.')}{EMPTY_MAP_SUFFIX}"
    return splits, wanted.kind, splits.notes


def _bundled(data: DataConfig) -> DataConfig:
    """Return a data set available on any machine in place of a shipped model's training data."""
    return data.others(GENERATED_IMAGES) or parse(DATA.kinds()["digits"], {})
