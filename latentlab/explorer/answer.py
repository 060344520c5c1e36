"""Dispatch of requests to answer functions on the explorer's thread, one per kind of request.

Every module of this package registers its answers; `find_answers` imports all modules.
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
    """Answer a request; an exception raised here is shown to the user.

    Long work is a generator that yields a `Progress` every few milliseconds and returns the
    answer; other requests are answered between two steps.
    """
    raise NotImplementedError(type(request).__name__)


def find_answers(folder: str = "latentlab.explorer") -> None:
    """Import every module of this package, and of its packages that are only folders.

    A package with names of its own imports its answers itself, and what is slow to import only
    when it is needed.
    """
    package = import_module(folder)
    for module in iter_modules(package.__path__, f"{folder}."):
        found = import_module(module.name)
        if module.ispkg and not hasattr(found, "__all__"):
            find_answers(module.name)


class Answerer:
    """Callable that answers requests with its own explorer; used on the lane's thread only."""

    def __init__(self) -> None:
        from latentlab.explorer.explorer import Explorer
        from latentlab.learning.fast.device import Share

        find_answers()
        self._explorer, self._share = Explorer(), Share()

    def __call__(self, request: Request[Any]) -> object:
        """Answer a request; see `answer`."""
        self._share.take()
        return answer(request, self._explorer)
