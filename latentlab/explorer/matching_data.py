"""Which images a model that has been opened is shown with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.config import parse
from latentlab.data.fingerprint import misfit
from latentlab.data.image_set import DATA, DataConfig, Splits, load
from latentlab.errors import DataError, RunError
from latentlab.runs.run_data import load_run_data
from latentlab.work import finish

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.learning.checkpoint import Checkpoint

EMPTY_MAP = ": the map is empty."
"""How the reason ends for which a model has no images."""
GENERATED = 2000
"""Images drawn to be shown with a shipped model: as many as are encoded within a second."""


def find_images(
    folder: Path, checkpoint: Checkpoint, *, shipped: bool
) -> tuple[Splits | None, str, str]:
    """Return images for the map, what they are, and what a person should know of them.

    Never those of another data set: where a run's own are not at hand there are none, and the
    note says why.
    """
    wanted = checkpoint.recipe.data
    try:
        if shipped:
            wanted = _bundled(wanted)
            splits = load(wanted)
            if problem := misfit(checkpoint.spec, splits.spec):
                raise DataError(f"{problem}.")
        else:
            splits = finish(load_run_data(folder, wanted, checkpoint.spec))
    except (DataError, RunError) as error:
        return None, "", f"{error.message.removesuffix('.')}{EMPTY_MAP}"
    return splits, wanted.kind, splits.notes


def _bundled(data: DataConfig) -> DataConfig:
    """Return what any machine has to show in place of what a shipped model learned from."""
    return data.others(GENERATED) or parse(DATA.kinds()["digits"], {})
