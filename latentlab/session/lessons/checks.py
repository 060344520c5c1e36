"""Checks that a step of a lesson may name: functions of the state under ``@check``.

Each tells whether something was done, and in a few words what it sees, so that a student knows how
far it is. Checks run after each change of the state, so they only read what is there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentlab.directories import resources
from latentlab.errors import counted
from latentlab.latent.grid import Spacing
from latentlab.latent.interpolation.curves import PathKind
from latentlab.latent.ranking import Score
from latentlab.learning.events import is_active
from latentlab.metrics.measurement import Measurement
from latentlab.session.comparison import OpenModelB
from latentlab.session.curves.curves import VALIDATION
from latentlab.session.directions import MeasureDimensions, ReadDirections
from latentlab.session.files.report import SaveReport
from latentlab.session.image_sample import SampleImage
from latentlab.session.interpolation import DecodeGeodesic, DecodePaths, MakeTraversal
from latentlab.session.lessons.calls import CLASS, Between, Registry
from latentlab.session.map import FindHoles, Layout, SamplePosteriors
from latentlab.session.model import MakeManifold, MakeSamples
from latentlab.session.own_image import Inpaint, InpaintSamples
from latentlab.session.pairs import MakePairs
from latentlab.session.points import GRID_SIDES, GRID_SPANS
from latentlab.session.recipes import value_of
from latentlab.session.runs import Compare
from latentlab.session.scores.anomalies import ScoreImages, left_out_auroc
from latentlab.session.scores.metrics import MeasureMetrics, ReadMeasurements

if TYPE_CHECKING:
    from typing import Any

    from latentlab.session.points import Point
    from latentlab.session.request import Request
    from latentlab.session.state import State

ANSWERS: dict[str, type[Request[Any]]] = {
    "dimensions": MeasureDimensions,
    "geodesic": DecodeGeodesic,
    "holes": FindHoles,
    "image sample": SampleImage,
    "inpainting": Inpaint,
    "inpainting samples": InpaintSamples,
    "manifold": MakeManifold,
    "model B": OpenModelB,
    "pairs": MakePairs,
    "paths": DecodePaths,
    "posterior draws": SamplePosteriors,
    "report": SaveReport,
    "samples": MakeSamples,
    "scores": ScoreImages,
    "traversals": MakeTraversal,
}
"""What the check `answered` may ask for."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Result of a check: whether it was done, and what it sees in a few words."""

    is_done: bool
    seen: str


CHECKS: Registry[..., Checked] = Registry("check")
check = CHECKS.register


# The model and its training


@check
def model_open(state: State, *, name: str) -> Checked:
    """Whether a model is open, by the name of its run folder."""
    card = state.model
    opened = card.source.name if card and card.source else ""
    return Checked(opened == name, f"{card.name} is open" if card else "no model is open")


@check
def form_has(state: State, *, key: str, value: float | str) -> Checked:
    """Whether the form holds a value of the recipe, by its dotted key."""
    found = value_of(state.draft.values or {}, key)
    return Checked(_equal(found, value), f"the form has {_short(key)} {_text(found)}")


@check
def training(state: State, *, epochs: int = 0) -> Checked:
    """Whether a run is in training, or has ended, with this many complete epochs."""
    run = state.training.run
    done = run.epoch if run else _trained_epochs(state)
    return Checked((run is not None or done > 0) and done >= epochs, _are(done, "epoch", "trained"))


@check
def trained(
    state: State,
    *,
    key: str | None = None,
    value: float | str | None = None,
    epochs: int = 1,
) -> Checked:
    """Whether the open model is a finished run of the user, with a value of its recipe."""
    done = _trained_epochs(state)
    if state.is_training:
        return Checked(False, "training is in progress")
    if not done:
        return Checked(False, "the open model is not a run of yours")
    found = value_of(state.model.recipe, key) if key and state.model else None
    is_right = key is None or _equal(found, value)
    seen = _are(done, "epoch", "trained") + (f", {_short(key)} {_text(found)}" if key else "")
    return Checked(is_right and done >= epochs, seen)


@CHECKS.accepting(classes=CLASS)
def left_out(state: State, *, classes: list[str], epochs: int = 1) -> Checked:
    """Whether the open model is a finished run of the user that left out exactly these classes."""
    done = _trained_epochs(state)
    if state.is_training or state.model is None or not done:
        return trained(state)
    found = [*(value_of(state.model.recipe, "data.leave_out") or ())]
    seen = f"{_are(done, 'epoch', 'trained')}, left out: {', '.join(found) or 'none'}"
    return Checked(sorted(found) == sorted(classes) and done >= epochs, seen)


@check
def loss(
    state: State,
    *,
    term: str,
    at_least: float = -math.inf,
    at_most: float = math.inf,
    epochs: int = 1,
) -> Checked:
    """Whether a validation loss of the shown run, in nats per image, lies in a range."""
    x, y = state.log.curves.get((VALIDATION, term), (np.empty(0), np.empty(0)))
    if not len(x):
        return Checked(False, f"no {term} of a run is shown")
    is_long = x[-1] >= epochs
    seen = f"{term} is {y[-1]:.1f} nats at epoch {x[-1]:.0f}"
    return Checked(bool(is_long and at_least <= y[-1] <= at_most), seen)


@check
def loss_turned(state: State, *, term: str, by: float) -> Checked:
    """Whether a validation loss once lay this many nats above its last value."""
    _, y = state.log.curves.get((VALIDATION, term), (np.empty(0), np.empty(0)))
    if len(y) < 3:
        return Checked(False, f"{term} is known for {len(y)} of at least 3 epochs")
    fall = float(y.max() - y[-1])
    seen = f"{term} rose to {y.max():.1f} and is {y[-1]:.1f} nats now"
    return Checked(fall >= by, seen)


@check
def active(state: State, *, at_least: int = 0, at_most: int = 1_000_000) -> Checked:
    """Whether the number of active dimensions lies in a range: of the run, else of the codes."""
    measured = state.answer(MeasureDimensions)
    if state.log.latents is not None:
        count = int(state.log.latents.active[-1])
    elif measured is not None and not np.isnan(measured.kl).any():
        count = int(is_active(np.asarray(measured.kl)).sum())
    else:
        return Checked(False, "the dimensions are not measured yet")
    size = state.model.latent_dim if state.model else 0
    return Checked(at_least <= count <= at_most, f"{count} of {size} dimensions are active")


@check
def finding(state: State, *, key: str) -> Checked:
    """Whether the diagnosis of the shown run has a finding."""
    keys = [found.key for found in state.log.findings]
    return Checked(key in keys, f"Diagnosis says: {', '.join(keys) or 'nothing yet'}")


@check
def compared(state: State, *, runs: int) -> Checked:
    """Whether the curves of this many runs are shown together."""
    count = len(state.answer(Compare) or ())
    return Checked(count >= runs, _are(count, "run", "compared"))


# The point and the map


@check
def z_moved(state: State, *, distance: float = 0.5) -> Checked:
    """Whether z lies at a distance from where it was at the beginning of the step."""
    began = state.lesson.began if state.lesson else None
    if state.point is None or began is None or began.model != state.point.model:
        return Checked(False, "z has not moved")
    moved = math.dist(began.z, state.point.z)
    return Checked(moved >= distance, f"z has moved by {moved:.1f} of {distance:g}")


@check
def z_value(
    state: State, *, dimension: int, at_least: float = -math.inf, at_most: float = math.inf
) -> Checked:
    """Whether a coordinate of z, counted from 1, lies in a range."""
    if state.point is None or not 1 <= dimension <= len(state.point.z):
        return Checked(False, f"there is no dimension {dimension}")
    value = state.point.z[dimension - 1]
    return Checked(at_least <= value <= at_most, f"z{dimension} is {value:.2f}")


@CHECKS.accepting(name=CLASS)
def label_is(state: State, *, name: str | None = None, keeps_z: bool = False) -> Checked:
    """Whether z has a class; with `keeps_z`, another one than the same z had as the step began."""
    point, model = state.point, state.model
    if point is None or model is None or not isinstance(point.label, int):
        return Checked(False, "z has no class")
    shown = model.spec.class_names[point.label]
    began = state.lesson.began if state.lesson else None
    seen, is_right = f"the class is {shown}", name in (None, shown)
    if not keeps_z or not is_right:
        return Checked(is_right, seen)
    if began is None or began.label == point.label:
        return Checked(False, f"{seen}, as when the step began")
    if began.z != point.z:
        return Checked(False, f"{seen}, but z has moved too: Back and Next begin the step again")
    return Checked(True, seen)


@CHECKS.accepting(name=CLASS)
def image_at_z(state: State, *, name: str | None = None) -> Checked:
    """Whether z became the code of an image of the map, of a class if one is named."""
    row = state.original.row if state.original else None
    began = state.lesson.began if state.lesson else None
    if began == state.point:
        return Checked(False, "z has not moved")
    if row is None or state.codes is None or state.model is None:
        return Checked(False, "z is not the code of an image: Shift+click goes to the nearest")
    label = _class_of(state, row)
    return Checked(name is None or label == name, f"z is the code of image {row}{_of(label)}")


@check
def own_image(state: State) -> Checked:
    """Whether an image of the user is encoded."""
    return Checked(state.own is not None, state.own.name if state.own else "no image is encoded")


@CHECKS.accepting(name=CLASS)
def near(state: State, *, name: str) -> Checked:
    """Whether the nearest code of z is that of an image of a class."""
    label = _nearest_class(state, state.point)
    return Checked(
        label == name, f"the nearest image is of class {label}" if label else "no z is set"
    )


@CHECKS.accepting(start=CLASS, end=CLASS)
def path(state: State, *, start: str, end: str, steps: int = 2) -> Checked:
    """Whether the path leads from one class to another, in at least this many steps."""
    ends = state.ends
    if ends is None:
        return Checked(False, "there is no path")
    names = [_nearest_class(state, each) for each in (ends.a, ends.b)]
    is_right = names == [start, end] and ends.steps >= steps
    return Checked(is_right, f"from {names[0] or '?'} to {names[1] or '?'} in {ends.steps} steps")


@CHECKS.accepting(layout=[*Layout])
def view(state: State, *, layout: str) -> Checked:
    """Whether the map has a layout, such as ``PCA``."""
    found = state.view.layout.value
    return Checked(found == layout and not state.view.is_pending, f"the map shows {found}")


@CHECKS.accepting(n=Between(*GRID_SIDES), span=Between(0, GRID_SPANS[1]), spacing=[*Spacing])
def grid(state: State, *, n: int, spacing: str = "uniform", span: float = 0.0) -> Checked:
    """Whether the manifold has n tiles along a side, a spacing, and at least a span."""
    now = state.grid
    is_right = now.n == n and now.spacing == spacing and now.span >= span
    is_drawn = state.answer(MakeManifold) is not None
    return Checked(is_right and is_drawn, f"n = {now.n}, {now.spacing.value}, ± {now.span:g} σ")


@check
def selected(state: State, *, at_least: int = 1) -> Checked:
    """Whether this many images are selected."""
    count = len(state.selection) if state.selection else 0
    return Checked(count >= at_least, _are(count, "image", "selected"))


# Answers


@CHECKS.accepting(what=ANSWERS)
def answered(state: State, *, what: str) -> Checked:
    """Whether something was computed for the open model: a key of `ANSWERS`."""
    is_there = state.answer(ANSWERS[what]) is not None
    return Checked(is_there, f"{what}: {'there' if is_there else 'not yet'}")


@check
def unusual_image(state: State, *, among: int) -> Checked:
    """Whether z is the code of one of the images with the highest negative ELBO."""
    scores, row = state.answer(ScoreImages), state.original.row if state.original else None
    if scores is None:
        return Checked(False, "no image is scored yet")
    values = scores.by(Score.ELBO)
    if row is None or row >= len(values):
        return Checked(False, "no image is chosen")
    rank = int((values > values[row]).sum()) + 1
    return Checked(rank <= among, f"this image has rank {rank}: {values[row]:.0f} nats")


@check
def auroc(state: State, *, at_least: float = 0.0, at_most: float = 1.0) -> Checked:
    """Whether the AUROC of the negative ELBO of the classes left out lies in a range."""
    scores, codes, model = state.answer(ScoreImages), state.codes, state.model
    if scores is None or codes is None or model is None:
        return Checked(False, "no image is scored yet")
    area = left_out_auroc(scores, Score.ELBO, codes, model)
    if area is None:
        return Checked(False, "the open model left no class out of its training")
    return Checked(at_least <= area <= at_most, f"AUROC {area:.2f}")


@check
def measured(state: State, *, metric: str) -> Checked:
    """Whether a metric of the open model is measured, by its kind."""
    stored, new = state.answer(ReadMeasurements) or (), state.answer(MeasureMetrics)
    outcomes = (*stored, *(new.outcomes if new else ()))
    kinds = dict.fromkeys(each.metric for each in outcomes if isinstance(each, Measurement))
    return Checked(metric in kinds, f"measured: {', '.join(kinds) or 'nothing yet'}")


@CHECKS.accepting(kinds=[*PathKind])
def path_kinds(state: State, *, kinds: list[str]) -> Checked:
    """Whether paths of all these kinds are decoded between the same ends."""
    found = [
        strip.way.value
        for kind in (DecodePaths, DecodeGeodesic)
        if (paths := state.answer(kind)) is not None
        for strip in paths.strips
    ]
    return Checked(set(kinds) <= set(found), f"{', '.join(found) or 'no path'}")


@check
def direction(state: State, *, name: str | None = None) -> Checked:
    """Whether a direction is learned in the open model; its name begins so, if one is given."""
    names = [each.name for each in state.answer(ReadDirections) or ()]
    matches = [each for each in names if name is None or each.lower().startswith(name.lower())]
    return Checked(bool(matches), f"directions: {', '.join(names[:4]) or 'none'}")


@CHECKS.accepting(name=CLASS)
def samples_of(state: State, *, name: str) -> Checked:
    """Whether the samples are of one class."""
    label, model = state.sampling.label, state.model
    shown = "all classes"
    if isinstance(label, int) and model:
        shown = model.spec.class_names[label]
    is_right = shown == name and state.answer(MakeSamples) is not None
    return Checked(is_right, f"the samples are of {shown}")


def _trained_epochs(state: State) -> int:
    """Return the epochs of the open model, if it is a run of the user."""
    card = state.model
    is_own = card is not None and card.source is not None and not _is_shipped(state)
    return card.epoch if card is not None and is_own else 0


def _is_shipped(state: State) -> bool:
    source = state.model.source if state.model else None
    return source is not None and source.is_relative_to(resources())


def _nearest_class(state: State, point: Point | None) -> str:
    """Return the class of the image whose code is nearest to a point; empty if unknown."""
    codes = state.codes
    if point is None or codes is None or codes.labels is None or not len(codes):
        return ""
    if isinstance(point.label, int) and state.model:
        return state.model.spec.class_names[point.label]
    _, rows = codes.nearest.nearest(np.asarray([point.z], np.float32), 1)
    return _class_of(state, int(rows[0, 0]))


def _class_of(state: State, row: int) -> str:
    if state.codes is None or state.codes.labels is None or state.model is None:
        return ""
    return state.model.spec.class_names[int(state.codes.labels[row])]


def _of(label: str) -> str:
    return f" of class {label}" if label else ""


def _are(count: int, thing: str, what: str) -> str:
    """Return such as ``2 runs are compared``."""
    return f"{counted(count, thing)} {'is' if count == 1 else 'are'} {what}"


def _equal(found: object, value: object) -> bool:
    if isinstance(found, int | float) and isinstance(value, int | float):
        return math.isclose(found, value)
    # The kind of a table stands for the table.
    return found == value or (isinstance(found, dict) and found.get("kind") == value)


def _short(key: str | None) -> str:
    # The kind of a table stands for the table.
    return (key or "").removesuffix(".kind").rpartition(".")[2].replace("_", " ")


def _text(value: object) -> str:
    if isinstance(value, dict):
        return str(value.get("kind", ""))
    return f"{value:g}" if isinstance(value, float) else str(value)
