"""Recipes as plain values: functions on them, presets, and the estimated time of a run."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.config import kind_title, words
from latentlab.session.request import Lifetime, Priority, Request, SaveFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from latentlab.learning.events import Change

HOUR_S = 3600.0
UNCERTAIN_RATIO = 1.4
"""Ratio of the longest to the shortest estimate from which both are shown."""
SHORTER, FASTER = 5, 4
"""Ratios of the fast schedule: of the epochs before to after, and of the rate after to before."""
FEWEST_EPOCHS = 3
SHORT_MEMORY = 0.99
"""Decay of Adam's mean of squared gradients: the usual 0.999 is slow for a run of few steps."""
ONE_CYCLE = "one-cycle"
EPOCHS, RATE, SCHEDULE = "training.epochs", "training.learning_rate", "training.schedule"
KL_SCHEDULE, BETA2 = "objective.schedule", "training.optimizer.beta2"


def with_value(recipe: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Return a recipe with the value of a dotted key replaced; missing tables are created."""
    name, _, rest = key.partition(".")
    inner = recipe.get(name)
    # A kind name as a string is shorthand for its table.
    table = {"kind": inner} if isinstance(inner, str) else (inner or {})
    return {**recipe, name: with_value(table, rest, value) if rest else value}


def value_of(recipe: Mapping[str, Any], key: str) -> Any:
    """Return the value of a dotted key; None if there is none."""
    found: Any = recipe
    for name in key.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def has_same_images(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two recipes learn from the same images, as those of a sweep do."""
    return value_of(one, "data") == value_of(other, "data")


def model_title(kind: str, latent_dim: int | None) -> str:
    """Return the name on screen of a model, such as ``Convolutional VAE 32-D``."""
    name = kind_title("model", kind) or words(kind)
    return f"{name} {latent_dim}-D" if latent_dim else name


SEED, SEEDS = "training.seed", "training.seeds"


def repetitions(recipe: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the recipe of each run of a recipe that is repeated with several seeds."""
    count, seed = value_of(recipe, SEEDS), value_of(recipe, SEED) or 0
    if not isinstance(count, int) or not isinstance(seed, int) or count < 2:
        return [dict(recipe)]
    once = with_value(recipe, SEEDS, 1)
    return [with_value(once, SEED, seed + i) for i in range(count)]


def repeated_runs(recipes: Sequence[Mapping[str, Any] | None]) -> list[list[int]]:
    """Return the positions of the recipes that differ in their seed only, for two or more."""
    families: dict[str, list[int]] = {}
    for i, recipe in enumerate(recipes):
        if recipe is not None:
            others = [pair for pair in leaves(recipe) if pair[0] not in (SEED, SEEDS)]
            families.setdefault(repr(sorted(others)), []).append(i)
    return [members for members in families.values() if len(members) > 1]


def data_title(kind: str) -> str:
    """Return the name on screen of a data set, such as ``Fashion-MNIST``."""
    return kind_title("data set", kind) or kind


def recipe_title(recipe: Mapping[str, Any]) -> str:
    """Return model and data set of a recipe, such as ``VAE 2-D · MNIST``."""
    model, data = kind_of(recipe, "model"), kind_of(recipe, "data")
    name = model_title(model, value_of(recipe, "model.latent_dim"))
    return " · ".join(part for part in (name, data_title(data)) if part)


def kind_of(recipe: Mapping[str, Any], key: str) -> str:
    """Return the kind that a table of a recipe, or a value in its place, names; empty if none."""
    table = value_of(recipe, key)
    return str(table.get("kind", "")) if isinstance(table, dict) else str(table or "")


def comparable_since(recipe: Mapping[str, Any], changes: Iterable[Change]) -> float:
    """Return the epoch after which losses are comparable.

    Until then, a schedule or the user changes the weights of the loss terms.
    """
    steered = [change.epochs for change in changes if change.key.startswith("objective.")]
    schedule = value_of(recipe, "objective.schedule")
    kind = schedule.get("kind") if isinstance(schedule, dict) else schedule
    ramp = {"linear": value_of(recipe, "objective.schedule.epochs") or 10.0, "cyclical": math.inf}
    ramp["cosine"] = ramp["one-cycle"] = ramp["linear"]
    ramp["multi-step"] = max(value_of(recipe, "objective.schedule.milestones") or [20])
    return max([-1.0, float(ramp.get(str(kind), -1.0)), *steered])


def differing_values(recipes: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return the differing dotted keys with their value in each recipe; None if missing."""
    flat = [dict(leaves(recipe)) for recipe in recipes]
    keys = dict.fromkeys(key for each in flat for key in each)
    values = {key: [each.get(key) for each in flat] for key in keys}
    return {key: each for key, each in values.items() if len(set(map(repr, each))) > 1}


def describe_differences(recipes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Describe for each recipe the values that differ, such as ``beta 4``; may be empty."""
    differ = differing_values(recipes)
    return [
        _described({key: values[i] for key, values in differ.items()}) for i in range(len(recipes))
    ]


def describe_rare_values(recipes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Describe for each recipe the values that it does not share with most of them."""
    rare: list[dict[str, Any]] = [{} for _ in recipes]
    for key, values in differing_values(recipes).items():
        names = [repr(value) for value in values]
        counts = Counter(names)
        for found, value, name in zip(rare, values, names, strict=True):
            if counts[name] <= len(recipes) / 2:
                found[key] = value
    return [_described(found) for found in rare]


def _described(values: Mapping[str, Any]) -> str:
    """Return values of a recipe in words; None is left out."""
    pairs = ((key, value) for key, value in values.items() if value is not None)
    return ", ".join(f"{_short(key)} {_text(value)}" for key, value in pairs)


def _short(key: str) -> str:
    """Return the last part of a dotted key in words; of a kind, the name of its table."""
    return key.removesuffix(".kind").rpartition(".")[2].replace("_", " ")


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return "-".join(map(_text, value)) if isinstance(value, list | tuple) else str(value)


def leaves(recipe: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Return the values of a recipe by their dotted keys."""
    found: list[tuple[str, Any]] = []
    for name, value in recipe.items():
        inside = leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else None
        found += [(f"{prefix}{name}", value)] if inside is None else inside
    return found


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
    slowest : float or None
        Estimated time while other programs use the machine as much as at the measurement.
    """

    title: str
    lesson: str
    values: Mapping[str, Any] = field(repr=False)
    reference: str = ""
    unavailable: str = ""
    seconds: float | None = None
    slowest: float | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """Estimated seconds of a run of a recipe, and the images that it would use.

    Parameters
    ----------
    values : mapping
        The recipe as plain values.
    seconds : float or None
        Estimated time on this machine; None if it cannot be estimated.
    images : str
        Number of images of each part; empty if unknown.
    problem : str
        Why the data set cannot be divided; empty if it can.
    slowest : float or None
        Estimated time while other programs use the machine as much as at the measurement.
    attributes, classes : tuple of str
        Names of the attributes and of the classes of the images, as far as known.
    """

    values: Mapping[str, Any]
    seconds: float | None = None
    images: str = ""
    problem: str = ""
    slowest: float | None = None
    attributes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


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


def approximate(seconds: float, slowest: float | None = None) -> str:
    """Return a duration as an estimate: ``about 3 min``, ``about 1.5 h``, ``20 to 40 s``.

    Parameters
    ----------
    seconds : float
        The duration.
    slowest : float, optional
        A longer estimate; both are shown if they differ much.
    """
    count, unit = _rounded(seconds)
    if slowest is None or slowest < UNCERTAIN_RATIO * seconds:
        return f"about {count} {unit}"
    most, most_unit = _rounded(slowest)
    if (most, most_unit) == (count, unit):
        return f"about {count} {unit}"
    first = count if unit == most_unit else f"{count} {unit}"
    return f"{first} to {most} {most_unit}"


def _rounded(seconds: float) -> tuple[str, str]:
    """Return a duration as a rounded number, and its unit."""
    for unit, length in (("days", 24 * HOUR_S), ("h", HOUR_S), ("min", 60.0)):
        count = seconds / length
        if count >= 1:
            return f"{round(count) if count >= 3 else round(2 * count) / 2:g}", unit
    return f"{max(5, 5 * round(seconds / 5))}", "s"


def describe_estimate(estimate: Estimate | None) -> str:
    """Return the images of each part and the time of a run, or why there are none."""
    if estimate is None or estimate.problem:
        return estimate.problem if estimate else ""
    parts = [estimate.images]
    if estimate.seconds is not None:
        time = approximate(estimate.seconds, estimate.slowest)
        parts.append(f"takes {time} on this machine")
    text = "; ".join(filter(None, parts))
    return f"{text[:1].upper()}{text[1:]}"


def fast_schedule(recipe: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a recipe with the fast schedule; None if it is as short as that already.

    A schedule of the KL becomes shorter in proportion. The EMA is switched off: a rate that falls
    to 0 averages the weights as well.
    """
    epochs, rate = value_of(recipe, EPOCHS), value_of(recipe, RATE)
    is_fast = value_of(recipe, f"{SCHEDULE}.kind") == ONE_CYCLE
    if is_fast or not epochs or not rate or epochs <= FEWEST_EPOCHS:
        return None
    length = max(FEWEST_EPOCHS, math.ceil(epochs / SHORTER))
    changes: dict[str, Any] = {
        EPOCHS: length,
        RATE: min(1.0, FASTER * rate),
        SCHEDULE: {"kind": ONE_CYCLE, "epochs": float(length)},
        "training.average": 0.0,
    }
    if value_of(recipe, BETA2):
        changes[BETA2] = SHORT_MEMORY
    for name in ("epochs", "period"):
        if ramp := value_of(recipe, f"{KL_SCHEDULE}.{name}"):
            changes[f"{KL_SCHEDULE}.{name}"] = ramp * length / epochs
    if steps := value_of(recipe, f"{KL_SCHEDULE}.milestones"):
        sooner = [max(1, round(step * length / epochs)) for step in steps]
        changes[f"{KL_SCHEDULE}.milestones"] = sooner
    made = dict(recipe)
    for key, value in changes.items():
        made = with_value(made, key, value)
    return made


def describe_fast(recipe: Mapping[str, Any]) -> str:
    """Return a fast schedule in words."""
    epochs, rate = value_of(recipe, EPOCHS), value_of(recipe, RATE)
    return f"the fast schedule: {epochs} epochs, with a learning rate of {rate:g} that falls to 0"
