"""Base class of writers, and the writers that a recipe asks for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.errors import RecipeError, RunError, one_of
from latentlab.extras import how_to_install

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from latentlab.learning.events import Losses

PACKAGE = "latentlab.runs.writers"
KEY = "training.writers"


class Writer(ABC):
    """Copies the losses of a run to another program.

    A module of this package defines a class `RunWriter`; the name of the module is the name of the
    writer in recipes, and of the folder of its files. It is constructed with the run folder.
    """

    package: ClassVar[str]
    """Package that it needs, which is imported when it is constructed."""

    @abstractmethod
    def write(self, epoch: float, split: str, losses: Losses) -> None:
        """Write the losses of a split, in nats per image, at an epoch."""

    @abstractmethod
    def close(self) -> None:
        """Complete the files."""


def writer_names() -> tuple[str, ...]:
    """Return the names of all writers."""
    modules = iter_modules(import_module(PACKAGE).__path__)
    return tuple(module.name for module in modules if module.name != "writer")


def check_writers(names: Sequence[str]) -> None:
    """Check that the writers of these names exist and can be used.

    Raises
    ------
    RecipeError
        If there is no writer of a name.
    RunError
        If its package is not installed; the advice is the command that installs it.
    """
    known = writer_names()
    for name in names:
        if name not in known:
            raise RecipeError({KEY: f"there is no writer {name!r}; there is {one_of(known)}"})
        package = _class_of(name).package
        if find_spec(package) is None:
            raise RunError(
                f"The package {package} is not installed, which the writer {name} needs.",
                how_to_install(name),
            )


def open_writers(names: Sequence[str], folder: Path) -> list[Writer]:
    """Return the writers of these names, which `check_writers` has checked, for a run folder."""
    return [_class_of(name)(folder) for name in dict.fromkeys(names)]


def _class_of(name: str) -> Any:
    return import_module(f"{PACKAGE}.{name}").RunWriter


def write_all(writers: Sequence[Writer], epoch: float, losses: Mapping[str, Losses]) -> None:
    """Write the losses of each split with all writers."""
    for writer in writers:
        for split, values in losses.items():
            writer.write(epoch, split, values)
