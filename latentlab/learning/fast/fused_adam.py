"""torch's fused Adam and AdamW, with the arguments of the kernel collected only once.

Measured gain: 1.0 to 1.1 times the steps per second of torch's own, most for the smallest model
(784-256-16) and batches of 128 digits on 2 cores. One buffer of all weights would gain nothing: the
kernel took 322 µs on it instead of 357, and the gradients would have to be copied there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

KERNEL_OPTIONS = ("weight_decay", "eps", "maximize", "amsgrad")
STATE_NAMES = ("exp_avg", "exp_avg_sq", "step")


def _without_hooks[F: Callable[..., Any]](step: F) -> F:
    """Keep torch from wrapping a step in hooks for profilers, which take up to 0.1 ms."""
    step.hooked = True  # type: ignore[attr-defined]
    return step


class _CachedAdam(torch.optim.Adam):
    """Adam with the same steps as torch's, to the last bit; kernel arguments are collected once."""

    _kernel: Callable[..., Any]
    _state: list[list[Tensor]] | None = None

    @override
    def __setstate__(self, state: dict[str, Any]) -> None:
        """Load another state, as a resumed run does, and drop the collected arguments."""
        super().__setstate__(state)
        self._state = None

    @_without_hooks
    @torch.no_grad()
    @override
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Update the weights from their gradients."""
        group = self.param_groups[0]
        weights = group["params"]
        gradients = [weight.grad for weight in weights]
        if self._state is None or closure or any(each is None for each in gradients):
            value = super().step(closure)
            self._state = self._collect()
            return value
        means, squares, steps = self._state
        beta1, beta2 = group["betas"]
        torch._foreach_add_(steps, 1)
        options = {name: group[name] for name in KERNEL_OPTIONS}
        betas = {"beta1": beta1, "beta2": beta2}
        self._kernel(
            weights, gradients, means, squares, [], steps, lr=group["lr"], **betas, **options
        )
        return None

    def _collect(self) -> list[list[Tensor]] | None:
        """Return the state of all weights; None if the kernel cannot take it."""
        (group,) = self.param_groups
        state = [self.state.get(weight) for weight in group["params"]]
        on_cpu = all(weight.device.type == "cpu" for weight in group["params"])
        if not group["fused"] or group["amsgrad"] or not on_cpu or not all(state):
            return None
        return [[each[name] for each in state if each] for name in STATE_NAMES]


class Adam(_CachedAdam):
    """See `torch.optim.Adam`."""

    _kernel = staticmethod(torch._fused_adam_)


class AdamW(_CachedAdam, torch.optim.AdamW):
    """See `torch.optim.AdamW`."""

    _kernel = staticmethod(torch._fused_adamw_)
