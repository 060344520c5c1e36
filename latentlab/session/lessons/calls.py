"""Registries of the functions that a lesson may name, and the check of their arguments.

A lesson is a text file from anywhere, so it holds no code: only names of registered functions,
with numbers, texts and lists as arguments.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from latentlab.errors import DataError, listed, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAIN: Mapping[str, type | tuple[type, ...]] = {"int": int, "float": (int, float), "str": str}
"""Types of numbers and texts by their annotation."""
LARGEST = 1e9
"""Largest absolute value of a number."""


@dataclass(frozen=True, slots=True)
class Between:
    """Numbers that an argument may be, with both limits."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ClassName:
    """Name of a class of the data of the lesson, which is known when the lesson is opened."""


CLASS = ClassName()
type Accepted = Between | ClassName | Collection[str]
"""What an argument may be: a range of numbers, names, or names of classes."""


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
        self._accepted: dict[str, Mapping[str, Accepted]] = {}

    def register[F: Callable[..., Any]](self, function: F) -> F:
        """Register a function under its name."""
        self._functions[function.__name__] = function
        return function

    def accepting[F: Callable[..., Any]](self, **accepted: Accepted) -> Callable[[F], F]:
        """Return a decorator that registers a function some of whose arguments have limits."""

        def register(function: F) -> F:
            self._accepted[function.__name__] = accepted
            return self.register(function)

        return register

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
            raise _problem(call, f"there is no {self._title} {call.name!r}", self.names, call.name)
        known = self.arguments(call.name)
        for name, value in call.arguments.items():
            if name not in known:
                raise _problem(call, f"{call.name} takes no {name!r}", list(known), name)
            if not _fits(value, known[name].annotation):
                kind = known[name].annotation
                raise _problem(call, f"{name} = {value!r} of {call.name} is not of type {kind}")
            if accepted := self._accepted.get(call.name, {}).get(name):
                _require(call, name, value, accepted)
        for name, each in known.items():
            if each.default is each.empty and name not in call.arguments:
                raise _problem(call, f"{call.name} needs {name!r}")

    def require_classes(self, call: Call, classes: Collection[str]) -> None:
        """Raise a DataError if an argument names a class that is none of those."""
        for name, accepted in self._accepted.get(call.name, {}).items():
            value = call.arguments.get(name)
            if isinstance(accepted, ClassName) and value is not None:
                _require(call, "class", value, classes)


def _fits(value: object, annotation: str) -> bool:
    kinds = annotation.removesuffix(" | None").split(" | ")
    return any(_is_of(value, kind) for kind in kinds)


def _is_of(value: object, kind: str) -> bool:
    if kind.startswith("list["):
        of = kind.removeprefix("list[").removesuffix("]")
        return isinstance(value, list) and all(_is_of(each, of) for each in value)
    if kind == "bool" or isinstance(value, bool):
        return kind == "bool" and isinstance(value, bool)
    if isinstance(value, int | float) and not abs(value) <= LARGEST:
        return False
    return isinstance(value, PLAIN[kind])


def _require(call: Call, name: str, value: Any, accepted: Accepted) -> None:
    """Raise an error if an argument, or an item of it, is not what is accepted."""
    if isinstance(accepted, ClassName):
        return
    for each in value if isinstance(value, list) else [value]:
        if isinstance(accepted, Between):
            if not accepted.low <= each <= accepted.high:
                text = f"{name} = {each} of {call.name} is not between"
                raise _problem(call, f"{text} {accepted.low:g} and {accepted.high:g}")
        elif each not in accepted:
            raise _problem(call, f"{call.name} knows no {name} {each!r}", list(accepted), each)


def _problem(call: Call, text: str, names: list[str] | None = None, wrong: str = "") -> DataError:
    """Return an error with the line of the call, and advice about the name that is wrong."""
    advice = ""
    if names:
        advice = nearest(wrong, names, f"Choose one of {listed(sorted(names), 40)}.")
    return DataError(f"Line {call.line} of the lesson: {text}.", advice)
