"""Random numbers of one thread."""

from __future__ import annotations

from typing import Any, Self, override

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class SeededRng(TorchDispatchMode):
    """Context in which this thread draws the numbers of `seed`, independent of other threads.

    Initial weights and ``Distribution.sample`` draw from torch's one global generator, which all
    threads share: to seed it would be a race. In this context each operation that takes a
    generator gets one of this context, and the global one is unchanged. The numbers are those of
    ``torch.manual_seed(seed)`` on the CPU.

    Parameters
    ----------
    seed : int
        Equal seeds give equal numbers.
    device : torch.device or str
        Device that the numbers are drawn on.
    """

    def __init__(self, seed: int, device: torch.device | str = "cpu") -> None:
        super().__init__()
        self._generator = torch.Generator(device).manual_seed(seed)

    @classmethod
    def of(cls, generator: torch.Generator) -> Self:
        """Return a context that draws from `generator`."""
        context = cls(0)
        context._generator = generator
        return context

    @classmethod
    @override
    def _should_skip_dynamo(cls) -> bool:
        """Return False, because the first use would otherwise import torch's compiler."""
        return False

    @override
    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Pass the generator to `func`, or to its overload that takes one."""
        if torch.Tag.nondeterministic_seeded in func.tags and not _takes_generator(func):
            name = f"{func._overloadname}_generator".removeprefix("default_")
            func = getattr(func.overloadpacket, name, func)
        own = {"generator": self._generator} if _takes_generator(func) else {}
        return func(*args, **{**(kwargs or {}), **own})


def _takes_generator(func: Any) -> bool:
    return any(argument.name == "generator" for argument in func._schema.arguments)
