"""torch's optimizers, as kinds of a recipe."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Literal, override

import torch
from pydantic import Field

from latentlab.config import Config, Registry
from latentlab.learning.fast import fused_adam as adam

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor


class OptimizerConfig(Config, ABC):
    """Base class of the optimizers."""

    kind: str
    weight_decay: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Pulls all weights toward 0. Use it if the validation loss is much higher than "
        "the training loss.",
    )

    @property
    @abstractmethod
    def keeps(self) -> tuple[str, ...]:
        """Names of the state per weight that a resumed run needs."""

    @abstractmethod
    def build(
        self, weights: Iterable[Tensor], learning_rate: float | Tensor, **how: Any
    ) -> torch.optim.Optimizer:
        """Build the optimizer; `how` has implementation flags (``fused``, ``capturable``)."""


OPTIMIZERS = Registry[OptimizerConfig]("optimizer", default="adam")


class Adaptive(OptimizerConfig):
    """Base class of optimizers with a step size per weight, from its gradient history."""

    beta1: float = Field(
        0.9,
        ge=0,
        lt=1,
        title="Adam beta 1",
        description="Decay of the running mean of the gradient.",
    )
    beta2: float = Field(
        0.999,
        ge=0,
        lt=1,
        title="Adam beta 2",
        description="Decay of the running mean of the squared gradient.",
    )

    @property
    @override
    def keeps(self) -> tuple[str, ...]:
        return adam.STATE_NAMES


@OPTIMIZERS.register
class Adam(Adaptive, title="Adam"):
    """A step size per weight (Kingma & Ba, 2015): the usual choice."""

    kind: Literal["adam"] = "adam"

    @override
    def build(
        self, weights: Iterable[Tensor], learning_rate: float | Tensor, **how: Any
    ) -> torch.optim.Optimizer:
        betas = (self.beta1, self.beta2)
        return adam.Adam(
            weights, lr=learning_rate, betas=betas, weight_decay=self.weight_decay, **how
        )


@OPTIMIZERS.register
class AdamW(Adaptive, title="AdamW"):
    """Adam with decoupled weight decay (Loshchilov & Hutter, 2019)."""

    kind: Literal["adamw"] = "adamw"
    weight_decay: float = Field(0.01, ge=0, le=1, description="Pulls all weights toward 0.")

    @override
    def build(
        self, weights: Iterable[Tensor], learning_rate: float | Tensor, **how: Any
    ) -> torch.optim.Optimizer:
        betas = (self.beta1, self.beta2)
        return adam.AdamW(
            weights, lr=learning_rate, betas=betas, weight_decay=self.weight_decay, **how
        )


@OPTIMIZERS.register
class SGD(OptimizerConfig, title="SGD"):
    """Gradient descent with momentum: needs another learning rate and more epochs than Adam."""

    kind: Literal["sgd"] = "sgd"
    momentum: float = Field(0.9, ge=0, lt=1, description="Share of the last step that is repeated.")

    @property
    @override
    def keeps(self) -> tuple[str, ...]:
        return ("momentum_buffer",) if self.momentum else ()

    @override
    def build(
        self, weights: Iterable[Tensor], learning_rate: float | Tensor, **how: Any
    ) -> torch.optim.Optimizer:
        # SGD has no step count, so a graph can always capture it.
        how.pop("capturable", None)
        return torch.optim.SGD(
            weights,
            lr=learning_rate,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            **how,
        )
