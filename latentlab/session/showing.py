"""Which images a model that has been opened is shown with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.data.base import DATA, DataConfig, ImageSpec, Splits, load
from latentlab.errors import DataError
from latentlab.kinds import parse

if TYPE_CHECKING:
    from latentlab.learning.checkpoint import Checkpoint

GENERATED = 2000
"""Images drawn to be shown with a shipped model: as many as are encoded within a second."""


def images_for(checkpoint: Checkpoint, *, shipped: bool) -> tuple[Splits | None, str, str]:
    """Return images for the map, what they are, and a note where they are not the wanted ones."""
    spec, wanted = checkpoint.spec, checkpoint.recipe.data
    wanted = _bundled(wanted) if shipped else wanted
    return _found(spec, wanted)


def _bundled(data: DataConfig) -> DataConfig:
    """Return what any machine has to show in place of what a shipped model learned from."""
    return data.others(GENERATED) or parse(DATA.kinds()["digits"], {})


def _found(spec: ImageSpec, wanted: DataConfig) -> tuple[Splits | None, str, str]:
    root = getattr(wanted, "root", None)
    reason = f"{wanted.kind}{f' in {root}' if root else ''} is not on this machine"
    for config in (wanted, parse(DATA.kinds()["digits"], {})):
        try:
            if not config.available():
                continue
            splits = load(config)
        except DataError as error:
            reason = error.message if config is wanted else reason
            continue
        if splits.spec.shape == spec.shape and splits.spec.classes == spec.classes:
            instead = f"{reason}: the map shows {config.kind} instead."
            note = splits.note if config is wanted else instead
            return splits, config.kind, note
        # That other images do not fit either is no news.
        if config is wanted:
            reason = f"{config.kind} no longer has the images that this model was made for"
    return None, "", f"{reason}: the map is empty."
