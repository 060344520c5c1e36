"""torch's optimizers, as kinds of a recipe."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Literal, override

import torch
from pydantic import Field

from latentlab.config import ADVANCED, Config, Registry
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
        description="Pulls all weights toward 0: against a good train and a poor validation loss.",
        json_schema_extra=ADVANCED,
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
        0.9, ge=0, lt=1, description="Memory of the mean.", json_schema_extra=ADVANCED
    )
    beta2: float = Field(
        0.999, ge=0, lt=1, description="Memory of the square.", json_schema_extra=ADVANCED
    )

    @property
    @override
    def keeps(self) -> tuple[str, ...]:
        return adam.STATE_NAMES


@OPTIMIZERS.register
class Adam(Adaptive):
    """Adam (Kingma & Ba, 2015): the usual choice."""

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
class AdamW(Adaptive):
    """Adam with weight decay beside the gradient (Loshchilov & Hutter, 2019)."""

    kind: Literal["adamw"] = "adamw"
    weight_decay: float = Field(
        0.01, ge=0, le=1, description="Pulls all weights toward 0.", json_schema_extra=ADVANCED
    )

    @override
    def build(
        self, weights: Iterable[Tensor], learning_rate: float | Tensor, **how: Any
    ) -> torch.optim.Optimizer:
        betas = (self.beta1, self.beta2)
        return adam.AdamW(
            weights, lr=learning_rate, betas=betas, weight_decay=self.weight_decay, **how
        )


@OPTIMIZERS.register
class SGD(OptimizerConfig):
    """Gradient descent with momentum: needs a learning rate of its own, and patience."""

    kind: Literal["sgd"] = "sgd"
    momentum: float = Field(0.9, ge=0, lt=1, description="How much of the last step is repeated.")

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
