"""Layers of torch, adapted to reproducible runs and to batches of any size."""

from __future__ import annotations

from typing import override

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class RandomLayer(nn.Module):
    """A layer that draws random numbers while it is trained, from a generator of its own.

    torch's layers draw from the global generator, which the explorer of the window also uses, so
    a run would not be reproducible.

    Attributes
    ----------
    generator : torch.Generator or None
        Random generator on the device of the inputs, set by the trainer; None for the global
        one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.generator: torch.Generator | None = None


class Dropout(RandomLayer):
    """Dropout with a random generator of its own.

    Parameters
    ----------
    rate : float
        Probability that a value is set to 0, in [0, 1); the rest is scaled up.

    References
    ----------
    Dropout: A Simple Way to Prevent Neural Networks from Overfitting, Srivastava et al., 2014.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor with the shape and dtype of `x`."""
        if not self.training:
            return x
        keep = 1 - self.rate
        mask = torch.empty_like(x).bernoulli_(keep, generator=self.generator)
        # Divided last: 1 / keep would be rounded in bf16, which would shift every mean.
        return x * mask / keep

    @override
    def extra_repr(self) -> str:
        return f"rate={self.rate}"


class BatchNorm(nn.BatchNorm1d):
    """torch's batch norm, which also accepts a batch of one image, as may remain in an epoch.

    References
    ----------
    Batch Normalization, Ioffe & Szegedy, 2015.
    """

    def __init__(self, features: int) -> None:
        super().__init__(features)
        # Of shape (1,), because a checkpoint does not store scalars.
        self.num_batches_tracked: Tensor = torch.zeros(1, dtype=torch.long)

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor with the shape and dtype of `x`, (B, features)."""
        if len(x) > 1:
            return super().forward(x)
        # One image has no deviation, so the running statistics normalise it.
        return F.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
        )
