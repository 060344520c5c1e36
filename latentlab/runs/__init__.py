"""Files of training runs, their writers and readers.

`latentlab.runs` is also the function of the public API that lists the runs: a package hides a
function of its name, so the package itself can be called.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latentlab.api.training import Run


class _CallablePackage(ModuleType):
    def __call__(self) -> tuple[Run, ...]:
        """Return the runs of the library; see `latentlab.api.training.runs`."""
        # By name: this package is below the API.
        listed: tuple[Run, ...] = import_module("latentlab.api.training").runs()
        return listed


sys.modules[__name__].__class__ = _CallablePackage
