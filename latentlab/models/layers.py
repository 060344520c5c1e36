"""Layers that torch has, made fit for runs that repeat and for batches of any size."""

from __future__ import annotations

from typing import override

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Dropout(nn.Module):
    """Silences a random share of its inputs while training, and scales up the rest.

    torch's own takes its noise from the one global generator, which the window's explorer
    would then share with a run that is to be repeatable.

    Parameters
    ----------
    rate : float
        Share that is silenced, from 0 to below 1.

    Attributes
    ----------
    generator : torch.Generator or None
        Where the noise comes from, on the device of the inputs; the trainer sets it. None: the
        global one.

    References
    ----------
    Dropout: A Simple Way to Prevent Neural Networks from Overfitting, Srivastava et al., 2014.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.generator: torch.Generator | None = None

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Return values of the shape and precision of `x`."""
        if not self.training:
            return x
        keep = 1 - self.rate
        heard = torch.empty_like(x).bernoulli_(keep, generator=self.generator)
        # Divided last: 1 / keep itself would be rounded in bf16, which shifts every mean.
        return x * heard / keep

    @override
    def extra_repr(self) -> str:
        return f"rate={self.rate}"


class BatchNorm(nn.BatchNorm1d):
    """torch's own, which also takes the single image that may be left over in an epoch.

    References
    ----------
    Batch Normalization, Ioffe & Szegedy, 2015.
    """

    def __init__(self, features: int) -> None:
        super().__init__(features)
        # Of shape (1,), for a checkpoint keeps no scalars.
        self.num_batches_tracked: Tensor = torch.zeros(1, dtype=torch.long)

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Return values of the shape and precision of `x`, (B, features)."""
        if len(x) > 1:
            return super().forward(x)
        # One image has no deviation; it is measured by that of the images before it.
        return F.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
        )
