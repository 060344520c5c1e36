"""Refusal of networks and batches for which no memory of the device can suffice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
import torch

from latentlab.errors import RecipeError
from latentlab.learning.checkpoint import meta_model

if TYPE_CHECKING:
    from latentlab.data.image_set import ImageSet
    from latentlab.learning.recipe import Recipe

NUMBER_BYTES = 4
"""Bytes of an fp32 number."""


def check_fits(recipe: Recipe, images: ImageSet, device: torch.device) -> None:
    """Refuse a network or a batch larger than all memory of the device, before it is allocated.

    Counted is only what is certainly needed: the weights with their gradients, and the pixels of a
    batch. Linux promises more memory than there is, and then kills the process that uses it.

    Raises
    ------
    RecipeError
        With the memory that is needed, and how much there is.
    """
    total = total_memory(device)
    weights = sum(each.numel() for each in meta_model(recipe, images.spec).parameters())
    count = min(recipe.training.batch_size, len(images))
    needs = {
        "model": (f"its {weights:,} weights and their gradients", 2 * weights),
        "training.batch_size": (f"{count:,} images at once", count * images.spec.pixels),
    }
    problems = {
        key: f"{what} need {_gb(numbers * NUMBER_BYTES)}, but there are {_gb(total)}"
        for key, (what, numbers) in needs.items()
        if numbers * NUMBER_BYTES > total
    }
    if problems:
        raise RecipeError(problems)


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def total_memory(device: torch.device) -> int:
    """Return the bytes of memory of a device, in use or free."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[1]
    return psutil.virtual_memory().total
