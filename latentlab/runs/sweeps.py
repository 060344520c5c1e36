"""Sweeps: one run for each combination of the values of some keys of a recipe."""

from __future__ import annotations

import re
import tomllib
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from latentlab.errors import RecipeError
from latentlab.learning.recipe import make_recipe, put_value, setting_value, split_setting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from latentlab.learning.recipe import Recipe

LONGEST_NAME = 100
"""Characters of a run's name at most; a folder's may have 255."""
EXAMPLE = "a sweep is written TABLE.KEY=VALUE,VALUE, as objective.beta=1,4"


@dataclass(frozen=True, slots=True)
class Plan:
    """A run to be made.

    Parameters
    ----------
    name : str
        Tells it from the others; fit for a folder.
    recipe : Recipe
        What to train.
    """

    name: str
    recipe: Recipe


def plan(name: str, values: Mapping[str, Any], sweeps: Sequence[str]) -> list[Plan]:
    """Return a plan for each combination of swept values, the last key changing fastest.

    Parameters
    ----------
    name : str
        What the names of the runs begin with.
    values : mapping
        Plain values of the recipe.
    sweeps : sequence of str
        Such as ``"model.hidden=[16],[16, 8]"``: each value is read as TOML, and as plain text
        where it is none.

    Raises
    ------
    RecipeError
        Where a sweep is not written so, a key is swept twice, or a value cannot be used.
    """
    swept = [_read(sweep) for sweep in sweeps]
    keys = [key for key, _ in swept]
    if twice := [key for key in dict.fromkeys(keys) if keys.count(key) > 1]:
        raise RecipeError(dict.fromkeys(twice, "is swept twice: put all values into one --sweep"))
    plans = []
    for texts in product(*(texts for _, texts in swept)):
        changed = deepcopy(dict(values))
        pairs = list(zip(keys, texts, strict=True))
        for key, text in pairs:
            put_value(changed, key, setting_value(key, text))
        parts = [
            f"{_short(key, keys)}-{_plain(text)}" for key, text in zip(keys, texts, strict=True)
        ]
        plans.append(Plan("-".join([name, *parts])[:LONGEST_NAME], make_recipe(changed)))
    return plans


def told_apart(plans: Sequence[Plan]) -> list[Plan]:
    """Add a number to names that come again, as of recipe files in several folders."""
    apart: list[Plan] = []
    taken: set[str] = set()
    for each in plans:
        name, number = each.name, 2
        while name in taken:
            name, number = f"{each.name}-{number}", number + 1
        taken.add(name)
        apart.append(replace(each, name=name))
    return apart


def _read(sweep: str) -> tuple[str, list[str]]:
    try:
        key, text = split_setting(sweep)
    except RecipeError:
        raise RecipeError({sweep: EXAMPLE}) from None
    values = split_values(key, text)
    if twice := [value for value in dict.fromkeys(values) if values.count(value) > 1]:
        raise RecipeError({key: f"takes {', '.join(twice)} more than once"})
    return key, values


def split_values(key: str, text: str) -> list[str]:
    """Split values at the commas between them, and not at those within a list, table or word.

    Raises
    ------
    RecipeError
        Under `key`, where a list, a table or a quoted word has no end.
    """
    values: list[str] = []
    begun = ""
    for piece in text.split(","):
        begun = f"{begun},{piece}" if begun else piece
        if not begun.lstrip().startswith(("[", "{", '"', "'")) or _is_toml(begun):
            values.append(begun.strip())
            begun = ""
    if begun:
        raise RecipeError({key: f"{begun.strip()} has no end"})
    return values


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return False
    return True


def _short(key: str, keys: Sequence[str]) -> str:
    """Return the last word of a key, or all of it where another key ends so too."""
    last = key.rpartition(".")[2]
    alike = [other for other in keys if other.rpartition(".")[2] == last]
    return last if len(alike) == 1 else key


def _plain(text: str) -> str:
    """Return a value without what a path or a shell takes for something else."""
    return re.sub(r"[^\w.+-]+", "_", text).strip("_.")
