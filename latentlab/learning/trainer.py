"""A model, its optimizer and its data on one device: what one step of learning does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from latentlab.learning.device import wants_bf16
from latentlab.learning.events import Losses, Snapshot
from latentlab.learning.objectives import losses
from latentlab.models.noise import Seeded

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from latentlab.data.base import ImageSet, Splits
    from latentlab.learning.recipe import Recipe

VALIDATION_BATCH = 1000


class Trainer:
    """Makes the model of a recipe learn, step by step.

    Parameters
    ----------
    recipe : Recipe
        What to learn and how.
    splits : Splits
        The images; moved to the device once, as bytes.
    device : torch.device
        Where to compute.
    """

    def __init__(self, recipe: Recipe, splits: Splits, device: torch.device) -> None:
        self.recipe = recipe
        self.device = device
        self.step_count = 0
        self.epoch = 0
        with Seeded(recipe.training.seed):
            self.model = recipe.model.build(splits.spec)
        self.model.to(device)
        # Fused steps exist for all three devices and save a third of a small model's step.
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=recipe.training.learning_rate, fused=True
        )
        self._bf16 = wants_bf16(recipe.training.precision, device)
        self.noise = torch.Generator(device).manual_seed(recipe.training.seed)
        self.order = torch.Generator().manual_seed(recipe.training.seed)
        self.train_set = OnDevice(splits.train, device)
        self.validation_set = OnDevice(splits.validation, device)
        self.meter = Meter()

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches, the last of which may be smaller."""
        return -(-len(self.train_set) // self.recipe.training.batch_size)

    def epoch_batches(self) -> Iterator[Tensor]:
        """Yield the rows of each batch of one epoch, in a new random order."""
        order = torch.randperm(len(self.train_set), generator=self.order).to(self.device)
        yield from order.split(self.recipe.training.batch_size)

    def step(self, rows: Tensor) -> None:
        """Learn from one batch."""
        x, y = self.train_set.batch(rows)
        values = self._losses(x, y, self.noise)
        self.optimizer.zero_grad(set_to_none=True)
        values["loss"].mean().backward()
        self.optimizer.step()
        self.step_count += 1
        self.meter.add(values)

    @torch.no_grad()
    def validate(self) -> Losses:
        """Return the mean losses over the held-out images."""
        meter = Meter()
        self.model.eval()
        noise = torch.Generator(self.device).manual_seed(self.recipe.training.seed)
        rows = torch.arange(len(self.validation_set), device=self.device)
        for batch in rows.split(VALIDATION_BATCH):
            x, y = self.validation_set.batch(batch)
            meter.add(self._losses(x, y, noise))
        self.model.train()
        return meter.means()

    def _losses(self, x: Tensor, y: Tensor | None, noise: torch.Generator) -> dict[str, Tensor]:
        epochs = self.step_count / self.steps_per_epoch
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._bf16):
            return losses(self.model, self.recipe.objective, x, y, epochs, noise)

    def snapshot(self) -> Snapshot:
        """Copy the weights to plain arrays."""
        weights = {
            # On the CPU numpy() shares the memory that the next step writes to.
            name: value.detach().cpu().numpy().copy()
            for name, value in self.model.state_dict().items()
        }
        return Snapshot(self.step_count, self.epoch, weights)


class OnDevice:
    """An image set as one tensor of bytes, from which batches are gathered.

    Parameters
    ----------
    images : ImageSet
        What to hold.
    device : torch.device
        Where.
    """

    def __init__(self, images: ImageSet, device: torch.device) -> None:
        self._images = _tensor(images.images).to(device)
        self._labels = None if images.labels is None else _tensor(images.labels).to(device)

    def __len__(self) -> int:
        return len(self._images)

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return pixels in [0, 1], with shape (B, C, H, W), and labels, with shape (B,)."""
        x = self._images[rows].to(torch.float32).div_(255)
        return x, None if self._labels is None else self._labels[rows]


class Meter:
    """Sums losses on the device, so that reading them is the only wait for it."""

    def __init__(self) -> None:
        self._sums: Tensor | None = None
        self._names: tuple[str, ...] = ()
        self._images = 0

    def add(self, values: dict[str, Tensor]) -> None:
        """Add one batch of losses per image."""
        sums = torch.stack([value.detach().sum() for value in values.values()]).double()
        self._sums = sums if self._sums is None else self._sums + sums
        self._names = tuple(values)
        self._images += len(values["loss"])

    def merge(self, other: Meter) -> None:
        """Add all that another meter has summed."""
        if other._sums is not None:
            self._sums = other._sums if self._sums is None else self._sums + other._sums
            self._names = other._names
            self._images += other._images

    def means(self) -> Losses:
        """Return the means per image so far."""
        if self._sums is None:
            return {}
        means = (self._sums / self._images).tolist()
        return dict(zip(self._names, means, strict=True))


def _tensor(array: np.ndarray) -> Tensor:
    """Share an array's memory where torch can (it refuses read-only arrays)."""
    return torch.from_numpy(array if array.flags.writeable else array.copy())
