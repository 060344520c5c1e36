"""Random numbers that belong to one thread."""

from __future__ import annotations

from typing import Any, override

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Seeded(TorchDispatchMode):
    """Within it, this thread draws what `seed` gives, whatever other threads draw meanwhile.

    Fresh weights and ``Distribution.sample`` take their numbers from torch's one global
    generator, which all threads share: seeding it would race with them. Here each operation that
    takes a generator is handed one of its own, and the global one is left alone. The numbers are
    those of ``torch.manual_seed(seed)`` on the CPU.

    Parameters
    ----------
    seed : int
        Same seed, same numbers.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._generator = torch.Generator().manual_seed(seed)

    @classmethod
    @override
    def _should_skip_dynamo(cls) -> bool:
        """Tell torch that nothing here is compiled, or the first use would import its compiler."""
        return False

    @override
    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Hand the generator to `func`, or to that overload of it which takes one."""
        if torch.Tag.nondeterministic_seeded in func.tags and not _takes_generator(func):
            name = f"{func._overloadname}_generator".removeprefix("default_")
            func = getattr(func.overloadpacket, name, func)
        own = {"generator": self._generator} if _takes_generator(func) else {}
        return func(*args, **{**(kwargs or {}), **own})


def _takes_generator(func: Any) -> bool:
    return any(argument.name == "generator" for argument in func._schema.arguments)
