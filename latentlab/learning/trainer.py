"""Model, optimizer and data on one device, and the training step."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.optim.swa_utils import get_ema_multi_avg_fn

from latentlab.errors import (
    RecipeError,
)
from latentlab.learning.batch_loss import LossModule, backward, data_parallel
from latentlab.learning.events import Snapshot
from latentlab.learning.fast.device import prefer_onednn, use_bf16
from latentlab.learning.fast.distributed import ProcessGroup
from latentlab.learning.fast.step_runner import make_runner
from latentlab.learning.latent_geometry import LatentGeometry
from latentlab.learning.loader import make_loader
from latentlab.learning.loss_sums import LossSums
from latentlab.learning.masking import observation_mask
from latentlab.learning.noise import Noise
from latentlab.models.label import refuse_conditions
from latentlab.models.layers import RandomLayer
from latentlab.models.thread_rng import SeededRng

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latentlab.data.parts import Splits
    from latentlab.learning.batch_loss import Inputs
    from latentlab.learning.events import Precision
    from latentlab.learning.fast.stack import Stack
    from latentlab.learning.recipe import Recipe
    from latentlab.models.base import Model


class Trainer:
    """Trains the model of a recipe, step by step.

    Parameters
    ----------
    recipe : Recipe
        Model, data, objective and training settings.
    splits : Splits
        The images; moved to the device once, as bytes, if they are small enough.
    device : torch.device
        Device to compute on.
    team : ProcessGroup, optional
        Processes that share each batch.
    precision : str, optional
        Number format of the products in layers, if the recipe leaves it open; by default bf16 where
        the device has it.
    stack : Stack, optional
        Makes its steps, together with those of other runs.
    """

    def __init__(
        self,
        recipe: Recipe,
        splits: Splits,
        device: torch.device,
        team: ProcessGroup | None = None,
        precision: Precision | None = None,
        stack: Stack | None = None,
    ) -> None:
        self.recipe = recipe
        self.device = device
        self.team = team or ProcessGroup()
        self.step_count = 0
        self.epoch = 0
        self.position = 0
        training = recipe.training
        self.bf16 = use_bf16(precision or training.precision, device)
        if device.type == "cpu":
            prefer_onednn()
        with SeededRng(training.seed):
            self.model = recipe.model.build(splits.spec)
            self.network = recipe.objective.extra.network(self.model.latent_dim)
        if not self.model.conditional:
            refuse_conditions(splits.spec, conditional=False)
        recipe.objective.check(self.model)
        self.model.to(device)
        if self.network:
            self.network.to(device)
        self.ema = deepcopy(self.model).requires_grad_(False) if training.average else None
        self.order = torch.Generator().manual_seed(training.seed)
        self.order_before = self.order.get_state()
        self.noise = Noise(torch.Generator(device).manual_seed(training.seed))
        self.rng = torch.Generator(device).manual_seed(training.seed + 1 + self.team.rank)
        for module in self.model.modules():
            if isinstance(module, RandomLayer):
                module.generator = self.rng
        load = stack.load if stack else make_loader
        self.train_feed = load(splits.train, device, training.resident_mb, training=True)
        self.validation_feed = load(splits.validation, device, training.resident_mb)
        self.validation_classes = splits.validation.labels
        self.geometry = LatentGeometry(self.validation_feed)
        self.meter = LossSums()
        self.whole = LossSums()
        self.numbers: dict[str, float | Tensor] = {}
        self._last_scheduled: dict[str, float] = {}
        self.optimizer = self.make_optimizer(self.weights)
        losses = LossModule(
            self.model,
            self.noise,
            bf16=self.bf16,
            network=self.network,
            images=len(self.train_feed),
        )
        self.losses = losses if self.team.size == 1 else data_parallel(losses)
        self._make_runner = stack.runner if stack else make_runner
        self._runner = self._make_runner(self)

    def make_optimizer(self, weights: Sequence[Tensor]) -> torch.optim.Optimizer:
        """Return the optimizer of the recipe for some weights."""
        training = self.recipe.training
        if self.device.type != "cuda":
            # Fused optimizers exist for all devices and save a third of a small model's step.
            return training.optimizer.build(weights, training.learning_rate, fused=True)
        rate = torch.tensor(training.learning_rate, device=self.device)
        return training.optimizer.build(weights, rate, fused=True, capturable=True)

    @property
    def weights(self) -> list[nn.Parameter]:
        """All weights that the optimizer changes: of the model, and of the network of a term."""
        return [*self.model.parameters(), *(self.network.parameters() if self.network else ())]

    @property
    def precision(self) -> Precision:
        """Number format of the products in layers."""
        return "bf16" if self.bf16 else "fp32"

    @property
    def augments(self) -> bool:
        """Whether `augmented` changes images."""
        return self.recipe.training.augment.active or self.train_feed.binarized

    @property
    def network_is_finite(self) -> bool:
        """Whether all weights of the network of a term are finite; waits for the device."""
        weights = self.network.parameters() if self.network else ()
        return all(bool(weight.isfinite().all()) for weight in weights)

    @property
    def shown(self) -> Model:
        """The model to evaluate, show and save: the EMA if there is one."""
        return self.ema or self.model

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches per epoch; the last one may be smaller."""
        return -(-len(self.train_feed) // self.recipe.training.batch_size)

    @property
    def images_per_step(self) -> float:
        """Mean number of images per step, over all processes."""
        return len(self.train_feed) / self.steps_per_epoch

    @property
    def epochs(self) -> float:
        """Training so far in epochs, with fractions."""
        return self.step_count / self.steps_per_epoch

    def change(self, recipe: Recipe) -> None:
        """Continue with another objective, learning rate or length.

        Raises
        ------
        RecipeError
            If the model cannot be trained with the objective, or needs another discriminator.
        """
        recipe.objective.check(self.model)
        self._check_network(recipe)
        self.recipe = recipe
        # A trace or graph contains the objective at the time of its recording.
        self._runner = self._make_runner(self)

    def _check_network(self, recipe: Recipe) -> None:
        """Refuse another term with a network, whose weights would have learned nothing yet."""
        old, new = (
            each.objective.extra.model_copy(update={"weight": 0.0})
            for each in (self.recipe, recipe)
        )
        if old != new and (self.network or new.network(self.model.latent_dim)):
            raise RecipeError(
                {
                    "objective.extra": "a discriminator learns from the first step, so that only "
                    "the weight of its term can change while a run goes on: start a new run"
                }
            )

    # Steps

    def epoch_steps(self) -> Iterator[bool]:
        """Make the steps of an epoch in a new random order; continue an epoch in progress.

        Yields
        ------
        bool
            True after each step; False while it waits for those of other runs.
        """
        if self.position == 0:
            self.order_before = self.order.get_state()
        order = torch.randperm(len(self.train_feed), generator=self.order)
        batches = order.split(self.recipe.training.batch_size)
        while self.position < len(batches):
            runner = self._runner
            for is_made in runner.steps(batches[self.position :]):
                yield is_made
                if runner is not self._runner:
                    # The recipe has changed, so a trace or graph is out of date.
                    break
        self.position = 0
        self.epoch += 1

    def count(self, images: int) -> None:
        """Count a step that was made, with some images of this process."""
        self.step_count += 1
        self.position += 1
        self.meter.count(images)

    def load(self, batches: Sequence[Tensor]) -> Iterator[tuple[Inputs, int]]:
        """Yield this process's slice of each batch of rows, with the size of the full batch."""
        parts = [rows[self.team.share(len(rows))] for rows in batches]
        for rows, part, (x, y) in zip(batches, parts, self.train_feed.batches(parts), strict=True):
            yield (x, y, self.known(part)), len(rows)

    def begin_step(self, batch_size: int) -> None:
        """Apply the schedules, and select this process's slice of the batch's noise."""
        self._apply_schedules()
        start = self.team.share(batch_size).start
        self.noise.share(start, batch_size * (self.team.size > 1))

    def gradients(self, inputs: Inputs, batch_size: int) -> dict[str, Tensor]:
        """Compute the gradients of the mean loss; return the losses."""
        values = self.losses(self.recipe.objective, inputs, self.numbers)
        self.optimizer.zero_grad(set_to_none=True)
        backward(values, batch_size, self.team.size)
        return values

    def learn(self, values: dict[str, Tensor]) -> None:
        """Update the weights from their gradients, and add up the losses."""
        self.clip_gradients()
        self.optimizer.step()
        self.update_average()
        self.meter.add(values)

    def clip_gradients(self) -> None:
        """Clip the gradients, if the recipe says so."""
        training = self.recipe.training
        if training.clip:
            clip_grad_norm_(self.model.parameters(), training.clip)
            if self.network:
                clip_grad_norm_(self.network.parameters(), training.clip)

    def update_average(self) -> None:
        """Update the EMA of the weights, if there is one."""
        if self.ema:
            self._update_ema(self.ema, self.recipe.training.average)

    def augmented(self, inputs: Inputs) -> Inputs:
        """Return a batch with its images augmented and binarized, as far as the recipe says so."""
        x, y, known = inputs
        augment = self.recipe.training.augment
        if augment.active:
            x = augment.apply(x, self.rng)
        if self.train_feed.binarized:
            # Black and white pixels stay so; a rotation, say, has made others grey.
            x = (self.noise.uniform(x) < x).to(x.dtype)
        return x, y, known

    def learn_rows(self, rows: Tensor) -> None:
        """Make a step with images that are on the device."""
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
        """Set the scheduled values where the step reads them."""
        training = self.recipe.training
        rate = training.learning_rate * training.schedule.factor(self.epochs)
        now = {"learning_rate": rate, **self.recipe.objective.numbers(self.epochs)}
        for name in [
            name for name, value in now.items() if self._last_scheduled.get(name) != value
        ]:
            self._set_scheduled(name, now[name])
        self._last_scheduled = now

    @property
    def scheduled(self) -> dict[str, float]:
        """Present value of everything that a schedule may change, by its dotted key."""
        return {
            "training.learning_rate" if name == "learning_rate" else f"objective.{name}": value
            for name, value in self._last_scheduled.items()
        }

    def _set_scheduled(self, name: str, value: float) -> None:
        if name == "learning_rate":
            for group in self.optimizer.param_groups:
                group["lr"] = _updated(group["lr"], value, self.device)
        else:
            self.numbers[name] = _updated(self.numbers.get(name), value, self.device)

    def known(self, rows: Tensor) -> Tensor | None:
        """Return the observation mask, (B, 1, H, W); None if all pixels are observed."""
        training = self.recipe.training
        if not training.missing:
            return None
        _, height, width = self.train_feed.spec.shape
        rows = rows.to(self.device)
        return observation_mask(rows, height, width, training.missing, training.seed)

    def snapshot(self) -> Snapshot:
        """Return a copy of the evaluated weights as arrays."""
        weights: dict[str, Any] = {
            # On the CPU, numpy() shares memory that the next step overwrites.
            name: value.detach().cpu().numpy().copy()
            for name, value in self.shown.state_dict().items()
        }
        return Snapshot(self.step_count, self.epoch, weights)


def _updated(old: float | Tensor | None, value: float, device: torch.device) -> float | Tensor:
    """Return a scheduled value as a step reads it; on CUDA always in the same tensor."""
    if device.type != "cuda":
        return value
    return old.fill_(value) if isinstance(old, Tensor) else torch.tensor(value, device=device)
