"""What a batch costs: its losses, their gradient, and the error where they are no numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, override

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from latentlab.errors import TrainingError
from latentlab.learning.objectives import compute_losses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latentlab.learning.objectives import Noise, Objective
    from latentlab.models.base import Model

    Inputs = tuple[Tensor, Tensor | None, Tensor | None]
    """Images, their labels, and which pixels are known."""
    Numbers = Mapping[str, float | Tensor]


class BatchLosses(nn.Module):
    """What a batch costs, as a module: the form in which several processes share it.

    Parameters
    ----------
    model : Model
        What is judged.
    noise : Noise
        Where the noise of the latent samples comes from.
    bf16 : bool
        Whether layers multiply in bf16.
    """

    def __init__(self, model: Model, noise: Noise, *, bf16: bool) -> None:
        super().__init__()
        self.model = model
        self._noise = noise
        self._bf16 = bf16

    @override
    def forward(self, objective: Objective, inputs: Inputs, numbers: Numbers) -> dict[str, Tensor]:
        """Return ``loss`` and each term per image."""
        with torch.autocast(inputs[0].device.type, torch.bfloat16, enabled=self._bf16):
            return compute_losses(self.model, objective, inputs, numbers, self._noise)[0]


def shared(losses: BatchLosses) -> nn.Module:
    """Return the losses with gradients averaged over all processes."""
    # Normalisation keeps to the statistics of each process's own share.
    together = DistributedDataParallel(losses)
    together.broadcast_buffers = False
    return together


def backward(values: Mapping[str, Tensor], whole: int, size: int = 1) -> None:
    """Make the gradient of the mean loss over a batch of `whole` images.

    Raises
    ------
    TrainingError
        On the CPU, where the loss is no longer a finite number; no weight has changed then.
    """
    check(values)
    # Several processes average their gradients, so each weighs its share's sum by their number.
    (values["loss"].sum() * (size / whole)).backward()


def check(values: Mapping[str, Tensor]) -> None:
    """Raise a `TrainingError` where, on the CPU, the loss is no longer a finite number."""
    loss = values["loss"]
    # On a GPU looking would wait for it; `Monitor` looks when the numbers come over.
    if loss.device.type == "cpu" and not math.isfinite(loss.detach().sum().item()):
        raise not_finite({name: float(value.detach().sum()) for name, value in values.items()})


class NotFiniteError(TrainingError):
    """Losses that are no longer finite numbers; what to do depends on the recipe and the step.

    Parameters
    ----------
    terms : tuple of str
        Which; ``loss`` alone where all its terms are finite.
    """

    def __init__(self, terms: tuple[str, ...]) -> None:
        super().__init__(f"{terms[0]} was no longer a finite number")
        self.terms = terms


def not_finite(values: Mapping[str, float]) -> NotFiniteError:
    """Return the error that names the terms which are no longer finite numbers."""
    bad = tuple(name for name, value in values.items() if not math.isfinite(value))
    return NotFiniteError(tuple(name for name in bad if name != "loss") or bad)
