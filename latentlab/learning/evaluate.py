"""Validation losses and previews of a model on held-out images."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np
import torch

from latentlab.data.pixels import displayed
from latentlab.learning.checkpoint import load_weights
from latentlab.learning.events import EpochPreview, FinalTest, Losses
from latentlab.learning.latent_statistics import AGGREGATE_IMAGES, latent_statistics
from latentlab.learning.loader import make_loader
from latentlab.learning.loss_sums import LossSums
from latentlab.learning.losses import compute_losses
from latentlab.learning.noise import Noise
from latentlab.models.thread_rng import SeededRng

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from latentlab.data.image_set import ImageSet
    from latentlab.learning.events import LatentStatistics
    from latentlab.learning.loader import Loader
    from latentlab.learning.monitor import Monitor
    from latentlab.learning.trainer import Trainer
    from latentlab.models.base import Model

VALIDATION_BATCH_SIZE = 1000
PREVIEW_POSTERIORS = 1000
"""Images whose posteriors a preview contains."""
PREVIEW_RECONSTRUCTIONS = 16
PREVIEW_SAMPLES = 32


@torch.no_grad()
def validate(trainer: Trainer) -> tuple[Losses, LatentStatistics | None]:
    """Return the mean losses over the held-out images, and the statistics of their codes.

    The statistics are those of Gaussian posteriors against N(0, I), and None for all others.
    """
    model, recipe, device = trainer.shown.eval(), trainer.recipe, trainer.device
    generator = torch.Generator(device).manual_seed(recipe.training.seed)
    is_plain = model.has_gaussian_posterior and model.has_standard_prior
    posteriors: list[tuple[Tensor, Tensor]] | None = [] if is_plain else None
    losses = _mean_losses(trainer, model, trainer.validation_feed, generator, posteriors)
    latents = None
    if posteriors:
        mu, sigma = map(torch.cat, zip(*posteriors, strict=True))
        seed = recipe.training.seed
        rng = torch.Generator().manual_seed(seed) if device.type == "mps" else generator
        latents = trainer.geometry.add_to(latent_statistics(mu, sigma, rng), model, mu)
    trainer.model.train()
    return losses, latents


@torch.no_grad()
def score_test(trainer: Trainer, images: ImageSet, monitor: Monitor) -> FinalTest:
    """Score the test images with the weights of the last epoch and with those of the best."""
    device, training = trainer.device, trainer.recipe.training
    loader = make_loader(images, device, training.resident_mb)

    def losses(model: Model) -> Losses:
        generator = torch.Generator(device).manual_seed(training.seed)
        return _mean_losses(trainer, model.eval(), loader, generator)

    last = losses(trainer.shown)
    best = last if monitor.best_epoch == trainer.epoch else None
    if best is None and monitor.best_weights:
        model = deepcopy(trainer.shown)
        load_weights(model, monitor.best_weights.weights, "The best epoch")
        best = losses(model.to(device))
    trainer.model.train()
    return FinalTest(trainer.epoch, last, monitor.best_epoch, best)


def _mean_losses(
    trainer: Trainer,
    model: Model,
    loader: Loader,
    generator: torch.Generator,
    posteriors: list[tuple[Tensor, Tensor]] | None = None,
) -> Losses:
    """Return the mean losses over images; append the posteriors of the first ones to a list."""
    sums, recipe, device = LossSums(), trainer.recipe, trainer.device
    noise, numbers = Noise(generator), recipe.objective.numbers(trainer.epochs)
    size = loader.spec.at_once(VALIDATION_BATCH_SIZE)
    if recipe.objective.extra.batchwise:
        size = min(size, recipe.training.batch_size)
    rows = torch.arange(len(loader)).split(size)
    for part, (x, y) in zip(rows, loader.batches(rows), strict=True):
        with torch.autocast(device.type, torch.bfloat16, enabled=trainer.bf16):
            values, outputs = compute_losses(
                model,
                recipe.objective,
                (x, y, trainer.known(part)),
                numbers,
                noise,
                trainer.network,
                len(trainer.train_feed),
            )
        sums.add(values)
        sums.count(len(x))
        if posteriors is not None and len(posteriors) * size < AGGREGATE_IMAGES:
            posteriors.append((outputs.q.mean, outputs.q.stddev))
    return sums.means()


@torch.no_grad()
def epoch_preview(trainer: Trainer) -> EpochPreview:
    """Return a preview of the current model, always of the same images and prior samples."""
    model, feed, device = trainer.shown.eval(), trainer.validation_feed, trainer.device
    x, y = feed.batch(torch.arange(min(PREVIEW_POSTERIORS, len(feed))))
    mu, sigma = _posteriors(model, x, y, feed.spec.at_once(PREVIEW_POSTERIORS))
    first = slice(0, PREVIEW_RECONSTRUCTIONS)
    labels = None if y is None else y[first]
    # With several conditions, y does not hold the classes.
    classes = trainer.validation_classes
    samples_of = torch.from_numpy(feed.spec.labels_in_turn(PREVIEW_SAMPLES)).to(device)
    with SeededRng(trainer.recipe.training.seed, device):
        z = model.draw_prior(PREVIEW_SAMPLES, samples_of)
    preview = EpochPreview(
        trainer.epoch,
        mu.float().cpu().numpy(),
        sigma.float().cpu().numpy(),
        None if classes is None else np.asarray(classes[: len(x)]),
        _to_uint8(x[first]),
        _to_uint8(model.decode(mu[first], labels).mean),
        _to_uint8(model.decode(z, samples_of).mean),
    )
    trainer.model.train()
    return preview


def _posteriors(model: Model, x: Tensor, y: Tensor | None, size: int) -> tuple[Tensor, Tensor]:
    """Return mu and sigma of q(z|x), with shape (N, D), encoding `size` images at a time."""
    labels = [None] * len(x) if y is None else y.split(size)
    each = [model.encode(*part) for part in zip(x.split(size), labels, strict=False)]
    return torch.cat([q.mean for q in each]), torch.cat([q.stddev for q in each])


def _to_uint8(pixels: Tensor) -> NDArray[np.uint8]:
    values = displayed(pixels.mul(255).round().clamp(0, 255).to(torch.uint8).cpu().numpy())
    values = values[:, 0] if values.shape[1] == 1 else np.moveaxis(values, 1, -1)
    return np.ascontiguousarray(values)
