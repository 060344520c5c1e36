"""Which runs can learn together in one process, as on a GPU, where their steps are made at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latentlab.session.recipes import SEED, SEEDS, leaves

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TOGETHER = 16
"""Maximum number of runs that learn together."""
OWN = (
    SEED,
    SEEDS,
    "training.learning_rate",
    "training.schedule",
    "training.epochs",
    "training.patience",
    "objective.beta",
    "objective.capacity",
    "objective.schedule",
)
"""Keys of what each run has for itself; the rest decides which operations a step has."""


def together_key(recipe: Mapping[str, Any]) -> str:
    """Return a text that is the same for the recipes of runs that can learn together."""
    common = [
        (key, value)
        for key, value in leaves(recipe)
        if not any(key == own or key.startswith(f"{own}.") for own in OWN)
    ]
    return repr(sorted(common))
