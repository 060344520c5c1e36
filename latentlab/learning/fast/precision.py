"""Precision of a run's products: the faster one on this machine, by a measurement at its start.

A processor that has bf16 need not be faster with it: where the products are a small part of a step,
the conversions cost as much as they save.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import torch

from latentlab.data.parts import Splits
from latentlab.learning.batch_loss import NotFiniteError
from latentlab.learning.checkpoint import meta_model
from latentlab.learning.fast.device import has_bf16
from latentlab.learning.step_time import (
    FIRST_BATCH,
    MAX_BATCH,
    is_measurable,
    step_seconds,
)
from latentlab.learning.trainer import Trainer

if TYPE_CHECKING:
    from latentlab.data.image_set import ImageSet
    from latentlab.learning.events import Precision
    from latentlab.learning.recipe import Recipe

MEASURED_S = 0.4
"""Seconds of the steps of a measurement; building two models takes the rest of half a second."""
MIN_STEPS, MAX_STEPS = 3, 60
"""Steps in each precision."""
SHORT_RUN_S = 5.0
"""Seconds of a run in fp32 up to which it is not measured, and computes in fp32."""
SLOW_FLOPS = 2e10
"""Operations per second in fp32 of a slow core; a run that is short even so is not measured."""
LEAST_GAIN = 0.95
"""Largest time of a step in bf16, relative to the more exact fp32, for which bf16 is chosen."""

_measured: dict[str, dict[Precision, float]] = {}
"""Seconds per image by precision, of what was measured in this process."""


def choose_precision(recipe: Recipe, splits: Splits, device: torch.device) -> Precision:
    """Return the precision of a new run: that of its recipe, or the faster one on the CPU.

    Parameters
    ----------
    recipe : Recipe
        Recipe of the run.
    splits : Splits
        Its images.
    device : torch.device
        Device of the run. GPUs with bf16 are always faster with it, and are not measured.
    """
    wanted = recipe.training.precision
    if wanted != "auto":
        return wanted
    if not has_bf16(device):
        return "fp32"
    if device.type != "cpu" or not is_measurable(recipe, splits.spec):
        return "bf16"
    if _operations(recipe, splits.train) <= SHORT_RUN_S * SLOW_FLOPS:
        return "fp32"
    model, objective = recipe.model, recipe.objective
    key = f"{torch.get_num_threads()} {splits.spec} {model} {objective} {_step_of(recipe)}"
    try:
        seconds = _measured.get(key) or _measure(recipe, splits.train)
    except NotFiniteError:  # the run itself will report it
        seconds = None
    if seconds is None:
        return "fp32"
    _measured[key] = seconds
    return "bf16" if seconds["bf16"] <= LEAST_GAIN * seconds["fp32"] else "fp32"


def kept_precision(recipe: Recipe, before: Precision | None, device: torch.device) -> Precision:
    """Return the precision of a run that goes on, or belongs to others: `before`, unless it cannot.

    It is None for a run of an earlier version, which computed in bf16 where it could. A run from
    another machine does not make this one emulate bf16.
    """
    wanted = recipe.training.precision
    if wanted != "auto":
        return wanted
    return (before or "bf16") if has_bf16(device) else "fp32"


def _step_of(recipe: Recipe) -> str:
    """Return what the time of a step depends on beside the model and the objective."""
    training = recipe.training
    return f"{training.batch_size} {training.optimizer} {training.clip} {training.average}"


def _operations(recipe: Recipe, images: ImageSet) -> float:
    """Return at most how many operations the products of a run have, forward and backward."""
    weights = meta_model(recipe, images.spec).parameters()
    # A weight of a convolution is used at each of its places.
    used = sum(each.numel() * (images.spec.pixels if each.ndim > 2 else 1) for each in weights)
    return 6.0 * used * len(images) * recipe.training.epochs


def _measure(recipe: Recipe, images: ImageSet) -> dict[Precision, float] | None:
    """Return the seconds of the fastest step by precision, on real images; None for a short run.

    The steps take turns, so that a machine whose speed drifts is fair to both. Where one of the
    full batch is slow, both have a smaller batch.
    """
    batch = min(MAX_BATCH, recipe.training.batch_size, len(images))
    splits, cpu = Splits(images[:batch], images[:batch]), torch.device("cpu")
    trainers: dict[Precision, Trainer] = {"fp32": Trainer(recipe, splits, cpu, precision="fp32")}
    size = min(FIRST_BATCH, batch)
    slowest = min(step_seconds(trainers["fp32"], size) for _ in range(2)) / size
    size = max(size, min(batch, int(MEASURED_S / (2 * MIN_STEPS * slowest))))
    in_fp32 = min(step_seconds(trainers["fp32"], size) for _ in range(2)) / size
    if in_fp32 * len(images) * recipe.training.epochs <= SHORT_RUN_S:
        return None
    trainers["bf16"] = Trainer(recipe, splits, cpu, precision="bf16")
    fastest = dict.fromkeys(trainers, math.inf)
    began = time.perf_counter()
    for steps in range(MAX_STEPS):
        if steps >= MIN_STEPS and time.perf_counter() - began > MEASURED_S:
            break
        for name, trainer in trainers.items():
            fastest[name] = min(fastest[name], step_seconds(trainer, size))
    return fastest
