"""Films of a model: of a path, of its dimensions, and of its training."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from latentlab.api.files import about_model, chosen_ends, path_info
from latentlab.errors import DataError, one_of
from latentlab.explorer.arithmetic import make_traversal
from latentlab.explorer.files.export import training_frames
from latentlab.explorer.naming import image_row
from latentlab.runs.film_files import save_film
from latentlab.session.export import ANIMATIONS, check_output
from latentlab.session.files.film import (
    FPS,
    MAX_FPS,
    MAX_SCALE,
    MIN_FPS,
    FilmOptions,
    traversal_frames,
)
from latentlab.session.interpolation import Range, TraversalSettings
from latentlab.session.points import Loop
from latentlab.work import Progress, with_progress

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.api.model import Model

    Frames = Generator[Progress, None, tuple[NDArray[np.uint8], dict[str, Any]]]

MIN_STEPS, MAX_STEPS = 2, 1000
TRAINING_FPS = 8.0


class FilmOf(StrEnum):
    """What a film shows."""

    INTERPOLATION = "interpolation"
    TRAVERSAL = "traversal"
    TRAINING = "training"


LOOPS = {"back": Loop.BACK, "round": Loop.ROUND, "once": Loop.ONCE}
"""Loops by the names that the API and the command line have for them."""


def film(
    model: Model,
    out: Path,
    of: str,
    start: str,
    end: str,
    steps: int,
    path: str,
    *,
    scale: int,
    fps: float | None,
    loop: str | None,
) -> Generator[Progress, None, None]:
    """Write a film; see `latentlab.api.model.Model.save_film`."""
    check_output(out, ANIMATIONS)
    kind = FilmOf(_checked("film", of, [*FilmOf]))
    is_training = kind is FilmOf.TRAINING
    turn = loop or ("once" if is_training else "back")
    options = FilmOptions(
        round(_within("scale", scale, 1, MAX_SCALE)),
        _within("fps", fps or (TRAINING_FPS if is_training else FPS), MIN_FPS, MAX_FPS),
        LOOPS[_checked("loop", turn, [*LOOPS])],
    )
    steps = round(_within("steps", steps, MIN_STEPS, MAX_STEPS))
    if kind is FilmOf.INTERPOLATION:
        frames, info = _interpolation(model, start, end, steps, path)
    elif kind is FilmOf.TRAVERSAL:
        frames, info = yield from _traversal(model, start, steps)
    else:
        frames, info = (yield from training_frames(model.folder)), {}
    about = about_model(model, {"picture": kind.value, **info})
    yield from with_progress(save_film(frames, out, about, options), "Writing the film")


def _interpolation(
    model: Model, start: str, end: str, steps: int, path: str
) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    _ = model.explorer.images  # raises if there are none
    a, b = chosen_ends(model, start, end)
    labels = None if a.label is None or b.label is None else (a.label, b.label)
    images = model.interpolate(a.z, b.z, steps, path=path, labels=labels)
    return model.displayed(images), {**path_info(a, b, steps), "way": path}


def _traversal(model: Model, start: str, steps: int) -> Frames:
    """Return a frame per step, which shows all dimensions around an image or a typical one."""
    explorer = model.explorer
    point, _, _ = explorer.start()
    if start:
        point = explorer.original(image_row(explorer, start)).point
    reach = Range.DEVIATIONS if len(explorer.codes) else Range.PRIOR
    settings = TraversalSettings(columns=steps, range=reach)
    made = yield from make_traversal(explorer, point, settings)
    return traversal_frames(made).pictures, {"z": point.z, "label": point.label}


def _checked(what: str, value: str, known: list[str]) -> str:
    if value not in known:
        raise DataError(f"There is no {what} {value!r}.", f"Choose {one_of(known)}.")
    return value


def _within(name: str, value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise DataError(f"{name} {value:g}: choose a number from {low:g} to {high:g}.")
    return value
