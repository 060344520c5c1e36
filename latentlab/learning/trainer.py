"""A model, its optimizer and its data on one device: what one step of learning does."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_
from torch.optim.swa_utils import get_ema_multi_avg_fn

from latentlab.errors import RecipeError
from latentlab.learning.batch_loss import BatchLosses, backward, shared
from latentlab.learning.events import Snapshot
from latentlab.learning.fast.device import out_of_memory, prefer_onednn, wants_bf16
from latentlab.learning.fast.distributed import ProcessGroup
from latentlab.learning.fast.step_runner import make_runner
from latentlab.learning.latent_geometry import Geometry
from latentlab.learning.loader import make_feed
from latentlab.learning.loss_sums import Meter
from latentlab.learning.masking import known_pixels
from latentlab.learning.objectives import Noise
from latentlab.models.layers import Dropout
from latentlab.models.thread_rng import Seeded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latentlab.data.image_set import Splits
    from latentlab.learning.batch_loss import Inputs
    from latentlab.learning.recipe import Recipe
    from latentlab.models.base import Model


class Trainer:
    """Makes the model of a recipe learn, step by step.

    Parameters
    ----------
    recipe : Recipe
        What to learn and how.
    splits : Splits
        The images; moved to the device once, as bytes, where they are small enough.
    device : torch.device
        Where to compute.
    team : Team, optional
        The processes among which each batch is shared out.
    """

    def __init__(
        self, recipe: Recipe, splits: Splits, device: torch.device, team: ProcessGroup | None = None
    ) -> None:
        self.recipe = recipe
        self.device = device
        self.team = team or ProcessGroup()
        self.step_count = 0
        self.epoch = 0
        self.position = 0
        training = recipe.training
        self.bf16 = wants_bf16(training.precision, device)
        if device.type == "cpu":
            prefer_onednn()
        with Seeded(training.seed):
            self.model = recipe.model.build(splits.spec)
        self.model.to(device)
        self.ema = deepcopy(self.model).requires_grad_(False) if training.average else None
        self.order = torch.Generator().manual_seed(training.seed)
        self.order_before = self.order.get_state()
        self.noise = Noise(torch.Generator(device).manual_seed(training.seed))
        self.rng = torch.Generator(device).manual_seed(training.seed + 1 + self.team.rank)
        for module in self.model.modules():
            if isinstance(module, Dropout):
                module.generator = self.rng
        self.train_feed = make_feed(splits.train, device, training.resident_mb)
        self.validation_feed = make_feed(splits.validation, device, training.resident_mb)
        self.geometry = Geometry(self.validation_feed)
        self.meter = Meter()
        self.whole = Meter()
        self.numbers: dict[str, float | Tensor] = {}
        self._last_scheduled: dict[str, float] = {}
        self.optimizer = self._make_optimizer()
        losses = BatchLosses(self.model, self.noise, bf16=self.bf16)
        self.losses = losses if self.team.size == 1 else shared(losses)
        self._runner = make_runner(self)

    def _make_optimizer(self) -> torch.optim.Optimizer:
        training = self.recipe.training
        weights = list(self.model.parameters())
        if self.device.type != "cuda":
            # Fused steps exist for all devices and save a third of a small model's step.
            return training.optimizer.build(weights, training.learning_rate, fused=True)
        rate = torch.tensor(training.learning_rate, device=self.device)
        return training.optimizer.build(weights, rate, fused=True, capturable=True)

    @property
    def shown(self) -> Model:
        """The model that is evaluated, shown and saved: the EMA where there is one."""
        return self.ema or self.model

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches, the last of which may be smaller."""
        return -(-len(self.train_feed) // self.recipe.training.batch_size)

    @property
    def images_per_step(self) -> float:
        """Images that a step learns from, on average and over all processes."""
        return len(self.train_feed) / self.steps_per_epoch

    @property
    def epochs(self) -> float:
        """How long it has learned, fractions included."""
        return self.step_count / self.steps_per_epoch

    def change(self, recipe: Recipe) -> None:
        """Go on with another objective, learning rate or length."""
        self.recipe = recipe
        # A trace or a graph holds the objective that it was made with.
        self._runner = make_runner(self)

    # Steps

    def epoch_steps(self) -> Iterator[None]:
        """Make each step of an epoch, in a new random order; begun ones go on where they were."""
        if self.position == 0:
            self.order_before = self.order.get_state()
        order = torch.randperm(len(self.train_feed), generator=self.order)
        batches = order.split(self.recipe.training.batch_size)
        while self.position < len(batches):
            runner = self._runner
            for rows in runner.steps(batches[self.position :]):
                self.step_count += 1
                self.position += 1
                self.meter.count(rows)
                yield
                if runner is not self._runner:
                    # The recipe has changed, and with it what a trace or a graph would do.
                    break
        self.position = 0
        self.epoch += 1

    def load(self, batches: Sequence[Tensor]) -> Iterator[tuple[Inputs, int]]:
        """Load this process's share of each batch of rows; return it with the batch's size."""
        own = [rows[self.team.share(len(rows))] for rows in batches]
        for rows, mine, (x, y) in zip(batches, own, self.train_feed.batches(own), strict=True):
            yield (x, y, self.known(mine)), len(rows)

    def begin_step(self, batch_size: int) -> None:
        """Set what changes with time, and which part of the batch's noise is this process's."""
        self._apply_schedules()
        start = self.team.share(batch_size).start
        self.noise.share(start, batch_size * (self.team.size > 1))

    def gradients(self, inputs: Inputs, batch_size: int) -> dict[str, Tensor]:
        """Compute the gradient of the mean loss; return the losses that it is the gradient of."""
        values = self.losses(self.recipe.objective, inputs, self.numbers)
        self.optimizer.zero_grad(set_to_none=True)
        backward(values, batch_size, self.team.size)
        return values

    def learn(self, values: dict[str, Tensor]) -> None:
        """Change the weights by their gradients, and count the losses."""
        training = self.recipe.training
        if training.clip:
            clip_grad_norm_(self.model.parameters(), training.clip)
        self.optimizer.step()
        if self.ema:
            self._update_ema(self.ema, training.average)
        self.meter.add(values)

    def augmented(self, inputs: Inputs) -> Inputs:
        """Return a batch with its images augmented, where the recipe says so."""
        x, y, known = inputs
        augment = self.recipe.training.augment
        return (augment.apply(x, self.rng), y, known) if augment.active else inputs

    def learn_rows(self, rows: Tensor) -> None:
        """Make a step with some images that are on the device."""
        x, y = self.train_feed.batch(rows)
        inputs = self.augmented((x, y, self.known(rows)))
        self.learn(self.gradients(inputs, len(rows)))

    @torch.no_grad()
    def _update_ema(self, ema: Model, decay: float) -> None:
        update = get_ema_multi_avg_fn(decay)
        update(list(ema.parameters()), list(self.model.parameters()), None)
        for mean, now in zip(ema.buffers(), self.model.buffers(), strict=True):
            mean.copy_(now)

    def _apply_schedules(self) -> None:
        """Move what changes with time to where the step finds it."""
        training = self.recipe.training
        rate = training.learning_rate * training.schedule.factor(self.epochs)
        now = {"learning_rate": rate, **self.recipe.objective.numbers(self.epochs)}
        for name in [
            name for name, value in now.items() if self._last_scheduled.get(name) != value
        ]:
            self._set_number(name, now[name])
        self._last_scheduled = now

    def _set_number(self, name: str, value: float) -> None:
        if name == "learning_rate":
            for group in self.optimizer.param_groups:
                group["lr"] = _moved(group["lr"], value, self.device)
        else:
            self.numbers[name] = _moved(self.numbers.get(name), value, self.device)

    def known(self, rows: Tensor) -> Tensor | None:
        """Return which pixels of some images are known; None for all."""
        training = self.recipe.training
        if not training.missing:
            return None
        _, height, width = self.train_feed.spec.shape
        rows = rows.to(self.device)
        return known_pixels(rows, height, width, training.missing, training.seed)

    def largest_batch(self) -> int:
        """Return how many images at once would fit into memory, by trying."""
        size = self.recipe.training.batch_size // 2
        while size > 1:
            try:
                # A quarter more, for the optimizer's state and for what lies between the pieces.
                tried = min(size + size // 4, len(self.train_feed))
                rows = torch.arange(tried, device=self.device)
                x, y = self.train_feed.batch(rows)
                values = self.losses(self.recipe.objective, (x, y, None), self.numbers)
                values["loss"].mean().backward()
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                size //= 2
            else:
                break
            finally:
                self.optimizer.zero_grad(set_to_none=True)
                if self.device.type == "cuda":
                    torch.cuda.empty_cache()
        return max(1, size)

    def too_large(self) -> RecipeError:
        """Return the error for a batch that does not fit into memory."""
        size = self.recipe.training.batch_size
        fits = self.largest_batch()
        return RecipeError(
            {
                "training.batch_size": f"{size} images at once need more memory than there is; "
                f"{fits} would fit"
            }
        )

    def snapshot(self) -> Snapshot:
        """Copy the weights that are shown to plain arrays."""
        weights: dict[str, Any] = {
            # On the CPU numpy() shares the memory that the next step writes to.
            name: value.detach().cpu().numpy().copy()
            for name, value in self.shown.state_dict().items()
        }
        return Snapshot(self.step_count, self.epoch, weights)


def _moved(old: float | Tensor | None, value: float, device: torch.device) -> float | Tensor:
    """Return a number as a step reads it: on CUDA in one place, where a captured step looks."""
    if device.type != "cuda":
        return value
    return old.fill_(value) if isinstance(old, Tensor) else torch.tensor(value, device=device)
