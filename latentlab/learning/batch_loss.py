"""Losses of a batch, their gradients, and the error for losses that are not finite."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, override

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from latentlab.errors import TrainingError
from latentlab.learning.losses import compute_losses
from latentlab.learning.terms.term import DISCRIMINATOR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latentlab.learning.noise import Noise
    from latentlab.learning.objectives.objective import Objective
    from latentlab.models.base import Model

    Inputs = tuple[Tensor, Tensor | None, Tensor | None]
    """Images (B, C, H, W), labels (B,) or None, observation mask (B, 1, H, W) or None."""
    Numbers = Mapping[str, float | Tensor]


class LossModule(nn.Module):
    """Losses of a batch as a module, the form that `DistributedDataParallel` requires.

    Parameters
    ----------
    model : Model
        Model to evaluate.
    noise : Noise
        Noise source of the latent samples.
    bf16 : bool
        Whether layers run in bf16, by autocast.
    network : nn.Module, optional
        Network of the extra term.
    images : int
        Number of training images.
    """

    def __init__(
        self,
        model: Model,
        noise: Noise,
        *,
        bf16: bool,
        network: nn.Module | None = None,
        images: int = 0,
    ) -> None:
        super().__init__()
        self.model = model
        self.network = network
        self._images = images
        self._noise = noise
        self._bf16 = bf16

    @override
    def forward(self, objective: Objective, inputs: Inputs, numbers: Numbers) -> dict[str, Tensor]:
        """Return ``loss`` and each term in nats per image, with shape (B,)."""
        with torch.autocast(inputs[0].device.type, torch.bfloat16, enabled=self._bf16):
            return compute_losses(
                self.model, objective, inputs, numbers, self._noise, self.network, self._images
            )[0]


def data_parallel(losses: LossModule) -> nn.Module:
    """Return the module with gradients averaged over all processes."""
    # Batch norm keeps the statistics of each process's own slice of the batch.
    parallel = DistributedDataParallel(losses)
    parallel.broadcast_buffers = False
    return parallel


def minimized(values: Mapping[str, Tensor]) -> Tensor:
    """Return what training minimizes, with shape (B,): the loss, and that of a discriminator.

    Each has no gradient for the weights of the other, so that their sum needs one optimizer.
    """
    own = values.get(DISCRIMINATOR)
    return values["loss"] if own is None else values["loss"] + own


def backward(values: Mapping[str, Tensor], whole: int, size: int = 1) -> None:
    """Backpropagate the mean loss over a batch of `whole` images in `size` processes.

    Raises
    ------
    TrainingError
        On the CPU, if the loss is not finite; no weight has changed.
    """
    check_finite(values)
    # DDP averages gradients over the processes, so each sum is scaled by their number.
    (minimized(values).sum() * (size / whole)).backward()


def check_finite(values: Mapping[str, Tensor]) -> None:
    """On the CPU, raise a `TrainingError` if the loss is not finite."""
    loss = minimized(values)
    # On a GPU this would synchronise; `Monitor` checks the losses when they arrive.
    if loss.device.type == "cpu" and not math.isfinite(loss.detach().sum().item()):
        raise not_finite_error(
            {name: float(value.detach().sum()) for name, value in values.items()}
        )


class NotFiniteError(TrainingError):
    """Error for losses that are not finite; the advice depends on the recipe and the step.

    Parameters
    ----------
    terms : tuple of str
        Names of the terms that are not finite; ``loss`` alone if all terms are finite.
    """

    def __init__(self, terms: tuple[str, ...]) -> None:
        super().__init__(f"{terms[0]} was no longer a finite number")
        self.terms = terms


def not_finite_error(values: Mapping[str, float]) -> NotFiniteError:
    """Return the error that names the terms that are not finite."""
    bad = tuple(name for name, value in values.items() if not math.isfinite(value))
    return NotFiniteError(tuple(name for name in bad if name != "loss") or bad)
