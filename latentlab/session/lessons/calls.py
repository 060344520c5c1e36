"""Registries of the functions that a lesson may name, and the check of their arguments.

A lesson is a text file from anywhere, so it holds no code: only names of registered functions,
with numbers, texts and lists as arguments.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from latentlab.errors import DataError, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAIN: Mapping[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "list[str]": (list,),
    "float | str": (int, float, str),
    "float | str | list[int]": (int, float, str, list),
    "bool | str": (bool, str),
}
"""Accepted types of an argument by its annotation; also with `` | None``."""


@dataclass(frozen=True, slots=True)
class Call:
    """Name of a registered function, and its arguments.

    Parameters
    ----------
    name : str
        Name in the registry.
    arguments : mapping of str to plain values
        Its keyword arguments.
    line : int
        Line of the lesson, for error messages.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0


class Registry[**P, R]:
    """Functions by name; the arguments after ``*`` of each are those that a lesson gives.

    Parameters
    ----------
    title : str
        What a function is, for error messages.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._functions: dict[str, Callable[..., R]] = {}

    def register[F: Callable[..., Any]](self, function: F) -> F:
        """Register a function under its name."""
        self._functions[function.__name__] = function
        return function

    @property
    def names(self) -> list[str]:
        """All registered names."""
        return sorted(self._functions)

    def arguments(self, name: str) -> dict[str, inspect.Parameter]:
        """Return the arguments that a lesson may give to a function, by name."""
        found = inspect.signature(self._functions[name]).parameters
        return {key: each for key, each in found.items() if each.kind is each.KEYWORD_ONLY}

    def run(self, call: Call, *first: Any) -> R:
        """Call a function with the arguments of the program, then those of the lesson."""
        return self._functions[call.name](*first, **call.arguments)

    def validate(self, call: Call) -> None:
        """Check the name of a call and its arguments.

        Raises
        ------
        DataError
            If there is no such function, or it does not take these arguments.
        """
        if call.name not in self._functions:
            raise _problem(call, f"there is no {self._title} {call.name!r}", self.names)
        known = self.arguments(call.name)
        for name, value in call.arguments.items():
            if name not in known:
                raise _problem(call, f"{call.name} takes no {name!r}", list(known))
            if not _fits(value, known[name].annotation):
                kind = known[name].annotation
                raise _problem(call, f"{name} = {value!r} of {call.name} is not of type {kind}")
        for name, each in known.items():
            if each.default is each.empty and name not in call.arguments:
                raise _problem(call, f"{call.name} needs {name!r}")


def _fits(value: object, annotation: str) -> bool:
    accepted = PLAIN[annotation.removesuffix(" | None")]
    if isinstance(value, bool):
        return bool in accepted
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return isinstance(value, accepted)


def _problem(call: Call, text: str, names: list[str] | None = None) -> DataError:
    advice = ""
    if names:
        near = get_close_matches(call.name if call.name not in text else text.split("'")[1], names)
        advice = f"Did you mean {near[0]}?" if near else f"Choose one of {listed(names, 40)}."
    return DataError(f"Line {call.line} of the lesson: {text}.", advice)
