"""Conditions of a model: the classes and numbers that a conditional model is given.

A model with one class takes its index as label, an int. A model with several conditions, or with
a continuous one, takes one number per condition: the index of a class, or the value itself.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from latentlab.errors import MOST_NAMES, RunError, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

HALF = 0.5 + 1e-9
"""Share of a way up to which a class is that of the start."""
MAX_COMBINATIONS = 1000
"""Maximum number of combinations of classes that samples go through."""
type Label = int | tuple[float, ...]
"""Class index, or one number for each condition."""
type Given = Mapping[str, str | float] | Sequence[str | float] | str
"""A label as the user gives it; see `read_label`."""
type LabelArray = NDArray[np.int64] | NDArray[np.float32]
"""Class indices, shape (N,), or one column per condition, shape (N, K)."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a model is given beside an image: one of several classes, or a number.

    Parameters
    ----------
    name : str
        Name of the attribute, such as ``age``, or `CLASS`.
    classes : tuple of str
        Names of the classes; empty if the condition is continuous.
    limits : tuple of float
        Ascending limits that cut the attribute into the classes; empty without a cut.
    low, high : float
        Range of a continuous condition in the training images.
    mean, scale : float
        Mean and standard deviation of a continuous condition in the training images, by which
        the model standardises it.
    """

    name: str
    classes: tuple[str, ...] = ()
    limits: tuple[float, ...] = ()
    low: float = 0.0
    high: float = 1.0
    mean: float = 0.0
    scale: float = 1.0

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Condition:
        """Return the condition of plain values, as `dataclasses.asdict` and JSON make them."""
        return TypeAdapter(cls).validate_python(values)

    @property
    def continuous(self) -> bool:
        """Whether it is a number rather than a class."""
        return not self.classes

    @property
    def default(self) -> float:
        """The first class, or the mean number."""
        return self.mean if self.continuous else 0.0

    def typical(self, values: NDArray[np.float32]) -> float:
        """Return the mean of numbers, or the most frequent of classes, that images have."""
        numbers = values.tolist()
        if self.continuous:
            return float(math.fsum(numbers) / len(numbers))
        return float(Counter(numbers).most_common(1)[0][0])

    def accepts(self, value: float) -> bool:
        """Return whether a value is a finite number, or the index of a class."""
        if self.continuous:
            return math.isfinite(value)
        return 0 <= value < len(self.classes) and value == int(value)

    def value_of(self, given: str | float) -> float:
        """Return the value for a number, or a class by its name, or else by its index.

        If the names of the classes are numbers, the number 30 is the class named 30.

        Raises
        ------
        RunError
            If there is no such class, or it is not a finite number.
        """
        names = (given,) if isinstance(given, str) else (f"{given:g}", f"{given:.9g}")
        if named := next((name for name in names if name in self.classes), None):
            return float(self.classes.index(named))
        alike = [i for i, name in enumerate(self.classes) if name.casefold() == _folded(given)]
        if isinstance(given, str) and len(alike) == 1:
            return float(alike[0])
        try:
            value = float(given)
        except (TypeError, ValueError):
            value = math.nan
        if not self.accepts(value):
            raise RunError(f"{self.name} cannot be {given!r}.", f"Choose {self}.")
        return value

    def shown(self, value: float) -> str:
        """Return a value as text: the name of a class, or a number."""
        return f"{value:.4g}" if self.continuous else self.classes[int(value)]

    def __str__(self) -> str:
        if self.continuous:
            return f"a number for {self.name}, as {self.low:g} to {self.high:g} in the data"
        return f"{self.name} from {listed(self.classes, MOST_NAMES)}"


def _folded(given: str | float) -> str:
    return str(given).strip().casefold()


def read_label(conditions: Sequence[Condition], given: Given) -> tuple[float, ...]:
    """Return the label of several conditions.

    Parameters
    ----------
    conditions : sequence of Condition
        Conditions of the model.
    given : mapping, sequence or str
        The value of each condition by its name, in the order of the conditions, or as text such
        as ``age=30, sex=female``.

    Raises
    ------
    RunError
        If a condition is missing or unknown, or a value is not valid.
    """
    names = [condition.name for condition in conditions]
    values: dict[str, str | float]
    if isinstance(given, str):
        values = _parsed(given, names)
    elif isinstance(given, Mapping):
        values = dict(given)
    else:
        if len(given) != len(names):
            raise _incomplete(conditions, f"{len(given)} values for {len(names)} conditions.")
        values = dict(zip(names, given, strict=True))
    if unknown := [name for name in values if name not in names]:
        raise _incomplete(conditions, f"The model has no condition {listed(unknown)}.")
    if missing := [name for name in names if name not in values]:
        raise _incomplete(conditions, f"The label has no {listed(missing)}.")
    return tuple(condition.value_of(values[condition.name]) for condition in conditions)


def _parsed(text: str, names: Sequence[str]) -> dict[str, str | float]:
    """Return the values of ``age=30, sex=female``; the name of a class may contain commas."""
    by_folded = {name.casefold(): name for name in names}
    pairs: list[tuple[str, str]] = []
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if equals or not pairs:
            pairs.append((by_folded.get(_folded(name), name.strip()), value.strip()))
        else:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]},{part}".strip())
    return dict(pairs)


def _incomplete(conditions: Sequence[Condition], problem: str) -> RunError:
    return RunError(problem, f"Give {listed([str(each) for each in conditions])}.")


def label_at(values: LabelArray, row: int) -> Label:
    """Return the label in a row of an array."""
    return tuple(values[row].tolist()) if values.ndim == 2 else int(values[row])


def combinations(
    conditions: Sequence[Condition], limit: int = MAX_COMBINATIONS
) -> list[tuple[float, ...]]:
    """Return a label for each combination of classes, with every number at its mean.

    Of more combinations than `limit`, those at equal distances are chosen, because the first
    ones would have only a few classes.
    """
    total = math.prod(len(each.classes) or 1 for each in conditions)
    count = min(limit, total)
    return [_combination(conditions, i * total // count) for i in range(count)]


def _combination(conditions: Sequence[Condition], number: int) -> tuple[float, ...]:
    """Return the combination of a number, whose last digit is the class of the last condition."""
    values: list[float] = []
    for each in reversed(conditions):
        number, index = divmod(number, len(each.classes) or 1)
        values.append(each.mean if each.continuous else float(index))
    return tuple(reversed(values))


def label_between(
    conditions: Sequence[Condition], a: Label | None, b: Label | None, share: float
) -> Label | None:
    """Return the label at a share of the way: numbers change evenly, classes in the middle."""
    nearer = a if share <= HALF else b
    if not (isinstance(a, tuple) and isinstance(b, tuple) and isinstance(nearer, tuple)):
        return nearer
    ends = zip(conditions, a, b, nearer, strict=True)
    return tuple(x + share * (y - x) if each.continuous else n for each, x, y, n in ends)


def describe_label(conditions: Sequence[Condition], label: Sequence[float]) -> str:
    """Return a label as text that `read_label` reads, such as ``age=30, sex=female``."""
    pairs = zip(conditions, label, strict=True)
    return ", ".join(f"{condition.name}={condition.shown(value)}" for condition, value in pairs)
