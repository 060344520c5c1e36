"""Answers about presets, saved recipes and the time of a run."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from latentlab import __version__
from latentlab.atomic_write import write_atomically
from latentlab.data.parts import Outline
from latentlab.directories import cache, recipes
from latentlab.errors import DataError, LatentlabError, RecipeError, RunError, listed
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.json_files import parse_json, read_bytes
from latentlab.learning.fast.device import device_name, pick_device
from latentlab.learning.recipe import Recipe, make_recipe, read_recipe
from latentlab.learning.step_time import StepTime, is_measurable, run_seconds, seconds_per_image
from latentlab.session.recipes import (
    Estimate,
    EstimateTime,
    ListPresets,
    Preset,
    SaveRecipe,
    TimePresets,
)
from latentlab.session.request import Exported
from latentlab.text_files import read_text
from latentlab.work import Progress, with_progress

type Times = tuple[float, float]

TIMES = "step-times.json"
MEASURING = "Estimating the time of a run"
HEADING = re.compile(r"#\s*(?P<title>[^:]+):\s*(?P<lesson>.+)")
REFERENCE = re.compile(r"^# Reference ([A-Z])\b", re.MULTILINE)
_measured: set[str] = set()
"""Keys of the steps that were measured in this session."""
WITHOUT_EFFECT = {"epochs", "learning_rate", "schedule", "patience", "seed"}
"""Settings of training that do not change the time of a step."""


@answer.register
def _(request: ListPresets, explorer: Explorer) -> Generator[Progress, None, tuple[Preset, ...]]:
    return _list_presets()


@answer.register
def _(request: TimePresets, explorer: Explorer) -> Generator[Progress, None, tuple[Preset, ...]]:
    presets = []
    for preset in (yield from _list_presets()):
        if preset.seconds is None and not preset.unavailable:
            times = yield from estimate(make_recipe(preset.values))
            preset = _timed(preset, times)
        presets.append(preset)
    return tuple(presets)


@answer.register
def _(request: EstimateTime, explorer: Explorer) -> Generator[Progress, None, Estimate]:
    estimated = Estimate(request.values)
    # Training itself reports what is wrong with a recipe.
    with suppress(RecipeError):
        recipe = make_recipe(request.values)
        try:
            outline = yield from recipe.data.outline()
        except DataError as error:
            return replace(estimated, problem=error.message)
        if outline:
            without = listed(recipe.data.leave_out)
            images = outline.counts + (f", before {without} is left out" if without else "")
            known, names = outline.attributes, outline.spec.class_names
            estimated = replace(estimated, images=images, attributes=known, classes=names)
            times = yield from _estimate(recipe, outline, measure=True)
            estimated = _timed(estimated, times)
    return estimated


@answer.register
def _(request: SaveRecipe, explorer: Explorer) -> Exported:
    write_atomically(request.path, make_recipe(request.values).to_toml().encode())
    return Exported(request.path)


def _list_presets() -> Generator[Progress, None, tuple[Preset, ...]]:
    presets = []
    for path in sorted(recipes().glob("*.toml")):
        # One damaged recipe must not hide the others.
        with suppress(LatentlabError):
            presets.append((yield from _read_preset(path)))
    return tuple(sorted(presets, key=lambda preset: (not preset.reference, preset.reference)))


def _timed[T: Estimate | Preset](record: T, times: Times | None) -> T:
    """Return a record with the estimated times of its run."""
    return replace(record, seconds=times[0], slowest=times[1]) if times else record


def estimate(recipe: Recipe, *, measure: bool = True) -> Generator[Progress, None, Times | None]:
    """Return the shortest and the longest estimate of the seconds of a run; None if unknown.

    Parameters
    ----------
    recipe : Recipe
        Recipe of the run.
    measure : bool
        Whether to measure a step, once per session; else only earlier measurements are used.
    """
    outline = yield from recipe.data.outline()
    return (yield from _estimate(recipe, outline, measure=measure)) if outline else None


def _estimate(
    recipe: Recipe, outline: Outline, *, measure: bool
) -> Generator[Progress, None, Times | None]:
    key = _time_key(recipe, outline.spec.shape)
    times = _read_times()
    if measure and key not in _measured and is_measurable(recipe, outline.spec):
        _measured.add(key)
        now = yield from with_progress(seconds_per_image(recipe, outline.spec), MEASURING)
        # An earlier measurement may have been slower because of other programs.
        times[key] = StepTime(min(now.fastest, times.get(key, now).fastest), now.usual)
        with suppress(RunError):
            write_atomically(cache() / TIMES, json.dumps(times).encode(), durable=False)
    if key not in times:
        return None
    fastest, usual = (run_seconds(recipe, outline, each) for each in times[key])
    return fastest, usual


def _read_preset(path: Path) -> Generator[Progress, None, Preset]:
    recipe, text = read_recipe(path), read_text(path)
    heading = HEADING.match(text)
    title = heading["title"] if heading else path.stem
    lesson = heading["lesson"].strip() if heading else ""
    missing = "" if recipe.data.available() or recipe.data.downloads else _not_here(recipe)
    times = None if missing else (yield from estimate(recipe, measure=False))
    reference = match[1] if (match := REFERENCE.search(text)) else ""
    return _timed(Preset(title, lesson, recipe.to_dict(), reference, missing), times)


def _not_here(recipe: Recipe) -> str:
    config = type(recipe.data)
    return f"{config.model_config.get('title') or recipe.data.kind} is not on this machine"


def _time_key(recipe: Recipe, shape: tuple[int, ...]) -> str:
    """Return a key of what determines the time of a step on this machine."""
    training = recipe.training.model_dump(mode="json", exclude=WITHOUT_EFFECT)
    parts: Mapping[str, Any] = {
        "version": __version__,
        "device": device_name(pick_device(recipe.training.device)),
        "shape": shape,
        "model": recipe.model.model_dump(mode="json"),
        "extra": recipe.objective.extra.kind,
        "training": training,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


def _read_times() -> dict[str, StepTime]:
    try:
        return parse_json(read_bytes(cache() / TIMES), TypeAdapter(dict[str, StepTime]))
    except (OSError, ValueError):
        return {}
