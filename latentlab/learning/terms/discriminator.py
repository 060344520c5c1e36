"""Terms with a discriminator: a network that learns to tell two kinds of codes apart.

The term and the discriminator have opposite aims, and yet need only one backward pass: the loss of
the discriminator sees codes without their gradient, and the term sees the discriminator with
constant weights.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import pairwise
from typing import TYPE_CHECKING, override

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from latentlab.learning.terms.term import Term

if TYPE_CHECKING:
    from latentlab.learning.batch import Batch

NEGATIVE_SLOPE = 0.2
"""Slope of the leaky ReLU below 0 (Kim & Mnih, 2018, appendix A)."""


class DiscriminatorTerm(Term, ABC):
    """Base class of terms whose network maps a code, (B, D), to the logit of one of two classes."""

    units: int = Field(
        256,
        ge=1,
        le=4096,
        title="Discriminator units",
        description="Units of each hidden layer of the discriminator.",
    )
    layers: int = Field(
        3,
        ge=1,
        le=10,
        title="Discriminator layers",
        description="Hidden layers of the discriminator. It learns with the optimizer and the "
        "learning rate of the model.",
    )

    @override
    def network(self, latent_dim: int) -> nn.Module:
        sizes = [latent_dim, *[self.units] * self.layers]
        layers: list[nn.Module] = []
        for before, after in pairwise(sizes):
            layers += [nn.Linear(before, after), nn.LeakyReLU(NEGATIVE_SLOPE)]
        return nn.Sequential(*layers, nn.Linear(sizes[-1], 1))

    @abstractmethod
    def classes(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return codes of the class with positive logits, and of the other, without gradient."""

    @override
    def network_loss(self, batch: Batch) -> Tensor:
        """Return half the cross-entropy of both codes, (B,): log 2 if they cannot be told apart."""
        both = torch.cat(self.classes(batch))
        # One call for both: under autocast the gradients of two would be added in bf16.
        first, second = _logits(batch, both, frozen=False).chunk(2)
        return 0.5 * (F.softplus(-first) + F.softplus(second))


def code_logits(batch: Batch) -> Tensor:
    """Return the logit of each code, (B,), with a gradient for the codes only."""
    return _logits(batch, batch.z, frozen=True)


def _logits(batch: Batch, codes: Tensor, *, frozen: bool) -> Tensor:
    network = batch.network
    assert network is not None
    weights = {
        name: weight.detach() if frozen else weight for name, weight in network.named_parameters()
    }
    logits: Tensor = functional_call(network, weights, (codes,))
    # Layers may run in bf16; losses are in fp32.
    return logits.float().squeeze(-1)
