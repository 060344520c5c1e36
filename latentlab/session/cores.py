"""Division of the cores, or of a GPU, among runs that train at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psutil

from latentlab.session.recipes import SEED, SEEDS, kind_of, leaves

if TYPE_CHECKING:
    from collections.abc import Mapping

MEMORY_PER_RUN = 1 << 30
"""Bytes that a training process is given: torch takes half, images and a small model the rest."""
MAX_TOGETHER = 16
"""Maximum number of runs that learn together, as on a GPU; their steps are made at once."""
OWN_KEYS = (
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
STACKED_MODELS = ("vae", "cvae", "ladder-vae")
"""Models whose products can be stacked: fully connected ones."""
NOT_STACKED = (("model.norm", "batch"), ("model.prior", "flow"), ("model.posterior", "flow"))
"""Settings of networks with buffers, which a step may change."""


def core_count() -> int:
    """Return the number of cores for runs: one less than there are, so that the window is quick.

    Two threads of one core count once, as in torch.
    """
    return max(1, (psutil.cpu_count(logical=False) or 1) - 1)


def runs_at_once(runs: int, cores: int) -> int:
    """Return how many of some runs train at once, for which there must be cores and memory."""
    room = psutil.virtual_memory().available // MEMORY_PER_RUN
    return max(1, min(runs, cores, room))


def together_key(recipe: Mapping[str, Any]) -> str:
    """Return a text that is the same for the recipes of runs that can learn together.

    It is empty if the model cannot: its runs would only use the memory of each other.
    """
    if kind_of(recipe, "model") not in STACKED_MODELS or any(
        kind_of(recipe, key) == kind for key, kind in NOT_STACKED
    ):
        return ""
    common = [
        (key, value)
        for key, value in leaves(recipe)
        if not any(key == own or key.startswith(f"{own}.") for own in OWN_KEYS)
    ]
    return repr(sorted(common))
