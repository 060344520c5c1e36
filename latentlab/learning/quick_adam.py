"""Steps of torch's fused Adam and AdamW without the Python around them.

``Optimizer.step`` collects anew what never changes, which takes a small model on the CPU longer
than the arithmetic; a quarter of its step goes there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

KERNELS: dict[type, Callable[..., Any]] = {
    torch.optim.Adam: torch._fused_adam_,
    torch.optim.AdamW: torch._fused_adamw_,
}
TAKEN = ("weight_decay", "eps", "maximize", "amsgrad")


class QuickAdam:
    """Makes an optimizer's steps; the numbers are the same to the last bit.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Stays what it is, and holds the state: any but a fused Adam steps by itself.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self._optimizer = optimizer
        self._kernel = KERNELS.get(type(optimizer))
        self._weights: list[Tensor] = []
        self._state: list[list[Tensor]] = []

    @torch.no_grad()
    def step(self) -> None:
        """Move the weights by their gradients."""
        gradients = [weight.grad for weight in self._weights]
        if not self._known() or any(gradient is None for gradient in gradients):
            self._optimizer.step()
            self._look()
            return
        (group,) = self._optimizer.param_groups
        means, squares, steps = self._state
        beta1, beta2 = group["betas"]
        torch._foreach_add_(steps, 1)
        assert self._kernel is not None
        self._kernel(
            self._weights,
            gradients,
            means,
            squares,
            [],
            steps,
            lr=group["lr"],
            beta1=beta1,
            beta2=beta2,
            **{name: group[name] for name in TAKEN},
        )

    def _known(self) -> bool:
        """Say whether the state is where it was; a resumed run brings another."""
        if not self._weights:
            return False
        return self._optimizer.state[self._weights[0]].get("exp_avg") is self._state[0][0]

    def _look(self) -> None:
        """Find the state of every weight, if it is as the kernel wants it."""
        groups = self._optimizer.param_groups
        self._weights = []
        if self._kernel is None or len(groups) != 1:
            return
        (group,) = groups
        state = [self._optimizer.state[weight] for weight in group["params"]]
        if not group["fused"] or group["amsgrad"] or not all(state):
            return
        self._weights = list(group["params"])
        names = ("exp_avg", "exp_avg_sq", "step")
        self._state = [[each[name] for each in state] for name in names]
