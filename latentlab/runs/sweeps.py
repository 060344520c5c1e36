"""Sweeps: one run for each combination of values of recipe keys."""

from __future__ import annotations

import re
import tomllib
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from latentlab.errors import RecipeError
from latentlab.learning.recipe import make_recipe, parse_value, set_value, split_setting
from latentlab.session.recipes import SEED, SEEDS, repetitions, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from latentlab.learning.recipe import Recipe

MAX_NAME_LENGTH = 100
"""Maximum length of a run name; folder names may have 255 characters."""
SWEEP_SYNTAX = "a sweep is written TABLE.KEY=VALUE,VALUE, such as objective.beta=1,4"


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """Planned run.

    Parameters
    ----------
    name : str
        Unique name, valid as a folder name.
    recipe : Recipe
        Recipe to train.
    """

    name: str
    recipe: Recipe


def plan(name: str, values: Mapping[str, Any], sweeps: Sequence[str]) -> list[PlannedRun]:
    """Return a plan for each combination of swept values, the last key changing fastest.

    A recipe with several ``training.seeds`` is planned once for each.

    Parameters
    ----------
    name : str
        Prefix of the run names.
    values : mapping
        Plain values of the recipe.
    sweeps : sequence of str
        Such as ``"model.hidden=[16],[16, 8]"``; each value is parsed as TOML, else used as text.

    Raises
    ------
    RecipeError
        If a sweep is malformed, a key is swept twice, or a value is invalid.
    """
    swept = [_read(sweep) for sweep in sweeps]
    keys = [key for key, _ in swept]
    if twice := [key for key in dict.fromkeys(keys) if keys.count(key) > 1]:
        raise RecipeError(dict.fromkeys(twice, "is swept twice: put all values into one --sweep"))
    if SEED in keys and (value_of(values, SEEDS) or 1) != 1:
        raise RecipeError({SEEDS: f"cannot be combined with a sweep of {SEED}"})
    plans = []
    for texts in product(*(texts for _, texts in swept)):
        changed = deepcopy(dict(values))
        pairs = list(zip(keys, texts, strict=True))
        for key, text in pairs:
            set_value(changed, key, parse_value(key, text))
        parts = [
            f"{_short(key, keys)}-{_plain(text)}" for key, text in zip(keys, texts, strict=True)
        ]
        plans += _repeated("-".join([name, *parts])[:MAX_NAME_LENGTH], changed)
    return plans


def _repeated(name: str, values: dict[str, Any]) -> list[PlannedRun]:
    """Return a plan for each seed of a recipe."""
    recipes = [make_recipe(each) for each in repetitions(make_recipe(values).to_dict())]
    if len(recipes) == 1:
        return [PlannedRun(name, recipes[0])]
    room = MAX_NAME_LENGTH - len("-seed-2147483648")
    return [PlannedRun(f"{name[:room]}-seed-{each.training.seed}", each) for each in recipes]


def with_unique_names(plans: Sequence[PlannedRun]) -> list[PlannedRun]:
    """Append a number to repeated names, as of recipe files in several folders."""
    result: list[PlannedRun] = []
    taken: set[str] = set()
    for each in plans:
        name, number = each.name, 2
        while name in taken:
            name, number = f"{each.name}-{number}", number + 1
        taken.add(name)
        result.append(replace(each, name=name))
    return result


def _read(sweep: str) -> tuple[str, list[str]]:
    try:
        key, text = split_setting(sweep)
    except RecipeError:
        raise RecipeError({sweep: SWEEP_SYNTAX}) from None
    values = split_values(key, text)
    if twice := [value for value in dict.fromkeys(values) if values.count(value) > 1]:
        raise RecipeError({key: f"takes {', '.join(twice)} more than once"})
    return key, values


def split_values(key: str, text: str) -> list[str]:
    """Split values at commas, except within a list, a table or a quoted string.

    Raises
    ------
    RecipeError
        For `key`, if a list, a table or a quoted string is not closed.
    """
    values: list[str] = []
    partial = ""
    for piece in text.split(","):
        partial = f"{partial},{piece}" if partial else piece
        if not partial.lstrip().startswith(("[", "{", '"', "'")) or _is_toml(partial):
            values.append(partial.strip())
            partial = ""
    if partial:
        raise RecipeError({key: f"{partial.strip()} has no end"})
    return values


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return False
    return True


def _short(key: str, keys: Sequence[str]) -> str:
    """Return the last part of a key if it is unique, else the full key."""
    last = key.rpartition(".")[2]
    same = [other for other in keys if other.rpartition(".")[2] == last]
    return last if len(same) == 1 else key


def _plain(text: str) -> str:
    """Return a value without characters that are special in paths or shells."""
    return re.sub(r"[^\w.+-]+", "_", text).strip("_.")
