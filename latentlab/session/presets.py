"""Recipes that come with the program, saved recipes, and the estimated time of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.session.request import Lifetime, Priority, Request, SaveFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Preset:
    """Recipe that comes with the program.

    Parameters
    ----------
    title, lesson : str
        Name on screen, and what it teaches.
    values : mapping
        The recipe as plain values.
    reference : str
        Letter of the published tutorial that it repeats; empty for none.
    unavailable : str
        Reason why this machine cannot train it; empty if it can.
    seconds : float or None
        Estimated time on this machine; None if it is not known yet.
    """

    title: str
    lesson: str
    values: Mapping[str, Any] = field(repr=False)
    reference: str = ""
    unavailable: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """Estimated seconds of a run of a recipe; None if they cannot be estimated."""

    values: Mapping[str, Any]
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ListPresets(Request[tuple[Preset, ...]]):
    """List the recipes that come with the program, with the times that are known."""

    priority: ClassVar[Priority] = Priority.BACKGROUND
    lifetime: ClassVar[Lifetime] = Lifetime.SESSION


@dataclass(frozen=True, slots=True)
class TimePresets(Request[tuple[Preset, ...]]):
    """Measure the times of the presets that are not known yet."""

    priority: ClassVar[Priority] = Priority.IDLE
    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    modest: ClassVar[bool] = True
    updates: ClassVar[type[Request[Any]] | None] = ListPresets


@dataclass(frozen=True, slots=True)
class EstimateTime(Request[Estimate]):
    """Estimate how long a run of a recipe takes on this machine."""

    priority: ClassVar[Priority] = Priority.BACKGROUND
    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    modest: ClassVar[bool] = True
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SaveRecipe(SaveFile):
    """Write a recipe as TOML."""

    values: Mapping[str, Any]
    path: Path


def approximate(seconds: float) -> str:
    """Return a duration as an estimate: ``about 3 min``, ``about 1.5 h``, ``about 20 s``."""
    for unit, length in (("days", 24 * HOUR_S), ("h", HOUR_S), ("min", 60.0)):
        count = seconds / length
        if count >= 1:
            return f"about {round(count) if count >= 3 else round(2 * count) / 2:g} {unit}"
    return f"about {max(5, 5 * round(seconds / 5))} s"
