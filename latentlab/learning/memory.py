"""Refusal of networks and batches for which the memory of the device does not suffice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
import torch

from latentlab.errors import (
    MEMORY_ADVICE,
    LatentlabError,
    RecipeError,
    TrainingError,
    is_out_of_memory,
)
from latentlab.learning.batch_loss import minimized
from latentlab.learning.checkpoint import meta_model

if TYPE_CHECKING:
    from latentlab.data.image_set import ImageSet
    from latentlab.learning.recipe import Recipe
    from latentlab.learning.trainer import Trainer

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


def largest_batch(trainer: Trainer) -> int:
    """Return a batch size that fits into memory, found by trial; 0 if none does."""
    size = trainer.recipe.training.batch_size // 2
    while size:
        try:
            # A quarter more, for the optimizer's state and for fragmentation.
            tried = min(size + size // 4, len(trainer.train_feed))
            rows = torch.arange(tried, device=trainer.device)
            x, y = trainer.train_feed.batch(rows)
            values = trainer.losses(trainer.recipe.objective, (x, y, None), trainer.numbers)
            minimized(values).mean().backward()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            size //= 2
        else:
            break
        finally:
            trainer.optimizer.zero_grad(set_to_none=True)
            if trainer.device.type == "cuda":
                torch.cuda.empty_cache()
    return size


def too_large(trainer: Trainer) -> LatentlabError:
    """Return the error for a batch that does not fit into memory."""
    size = trainer.recipe.training.batch_size
    fits = largest_batch(trainer)
    if not fits:
        text = "Not even a step with one image fits into the memory that is free."
        return TrainingError(text, MEMORY_ADVICE)
    return RecipeError(
        {
            "training.batch_size": f"{size} images at once need more memory than there is; "
            f"{fits} would fit"
        }
    )
