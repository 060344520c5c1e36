"""What becomes of each request, on the explorer's thread: one function per kind.

Every module of this package registers those of its requests, and is found by itself.
"""

from __future__ import annotations

from functools import singledispatch
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latentlab.explorer.explorer import Explorer
    from latentlab.session.request import Request


@singledispatch
def answer(request: Request, explorer: Explorer) -> object:
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
