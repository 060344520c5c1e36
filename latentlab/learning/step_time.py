"""Measured time of training steps, from which the time of a run is estimated."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from latentlab.data.image_set import ImageSet
from latentlab.data.parts import Splits
from latentlab.learning.checkpoint import meta_model
from latentlab.learning.fast.device import pick_device
from latentlab.learning.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.data.image_set import ImageSpec
    from latentlab.data.parts import Outline
    from latentlab.learning.recipe import Recipe

FIRST_BATCH, MAX_BATCH = 8, 512
MAX_WEIGHTS, MAX_PIXELS = 30_000_000, 600_000
"""Largest network and image that are measured; others may not fit into memory."""
SLOW_STEP_S = 0.5
"""Seconds of a step from which larger batches are extrapolated, not measured."""
MIN_STEPS, MEASURED_S = 3, 0.3
"""Least number of steps of each size, and seconds of those of the full batch."""
VALIDATION_SHARE = 1 / 3
"""Time of an image in validation, which has no backward pass, as a share of that in training."""


def is_measurable(recipe: Recipe, spec: ImageSpec) -> bool:
    """Return whether a measurement needs little memory."""
    if spec.pixels > MAX_PIXELS:
        return False
    weights = meta_model(recipe, spec).parameters()
    return sum(each.numel() for each in weights) <= MAX_WEIGHTS


class StepTime(NamedTuple):
    """Seconds of a training step divided by its number of images.

    Parameters
    ----------
    fastest, usual : float
        Of the fastest and of the median step; they differ where other programs use the machine.
    """

    fastest: float
    usual: float


def seconds_per_image(recipe: Recipe, spec: ImageSpec) -> Generator[None, None, StepTime]:
    """Measure the time of a training step on random images, yielding after each step.

    The first steps are small, and those that follow as large as is quick enough even if the time
    grew in proportion to the batch, as it is assumed to do after the last of them. Much of a small
    step is the same for each size, above all where other programs keep threads waiting. Several
    steps of a size are measured: the first one allocates memory.
    """
    batch = min(MAX_BATCH, recipe.training.batch_size)
    trainer = Trainer(recipe, random_splits(spec, batch), pick_device(recipe.training.device))
    yield
    size = min(FIRST_BATCH, batch)
    while 2 * min(times := (yield from _times(trainer, size))) < SLOW_STEP_S and size < batch:
        size = min(int(size * SLOW_STEP_S / min(times)), batch)
    if min(times) < SLOW_STEP_S:
        times += yield from _times(trainer, batch, MEASURED_S)
    # The median of all but the first step.
    return StepTime(min(times) / size, median(times[1:]) / size)


def _times(trainer: Trainer, size: int, least: float = 0.0) -> Generator[None, None, list[float]]:
    """Return the times of some steps, which take `least` seconds together."""
    times: list[float] = []
    while len(times) < MIN_STEPS or sum(times) < least:
        times.append(step_seconds(trainer, size))
        yield
    return times


def run_seconds(recipe: Recipe, outline: Outline, per_image: float) -> float:
    """Return the estimated seconds of all epochs, with validation."""
    images = outline.train + VALIDATION_SHARE * outline.validation
    return recipe.training.epochs * images * per_image


def random_splits(spec: ImageSpec, count: int) -> Splits:
    """Return random images of a shape, the same in both parts."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (count, *spec.shape), np.uint8)
    labels = spec.labels_in_turn(count) if spec.classes or spec.conditions else None
    images = ImageSet.labelled(pixels, labels, spec)
    return Splits(images, images)


def step_seconds(trainer: Trainer, size: int) -> float:
    """Make a training step with `size` images and return its seconds."""
    rows = torch.arange(size, device=trainer.device)
    start = time.perf_counter()
    trainer.begin_step(size)
    trainer.learn_rows(rows)
    if trainer.device.type == "cuda":
        torch.cuda.synchronize(trainer.device)
    elif trainer.device.type == "mps":
        torch.mps.synchronize()
    return time.perf_counter() - start
