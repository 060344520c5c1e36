"""What becomes of each request, on the explorer's thread: one function per kind.

Every module of this package registers those of its requests, and is found by itself.
"""

from __future__ import annotations

from functools import singledispatch
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latentlab.explorer.explorer import Explorer
    from latentlab.session.request import Request


@singledispatch
def answer(request: Request[Any], explorer: Explorer) -> object:
    """Answer a request; may take its time, and may raise what the user is then told.

    Work that takes long is a generator, which yields a `Progress` after each little piece: other
    requests are answered in between, and what it returns is the answer.
    """
    raise NotImplementedError(type(request).__name__)


def find_answers() -> None:
    """Import every module of this package."""
    package = import_module("latentlab.explorer")
    for module in iter_modules(package.__path__, "latentlab.explorer."):
        import_module(module.name)


class Answerer:
    """Answers requests with an explorer of its own; made and called on the lane's thread."""

    def __init__(self) -> None:
        from latentlab.explorer.explorer import Explorer
        from latentlab.learning.fast.device import Share

        find_answers()
        self._explorer, self._share = Explorer(), Share()

    def __call__(self, request: Request[Any]) -> object:
        """Answer a request; see `answer`."""
        self._share.take()
        return answer(request, self._explorer)
