"""Actions of lessons: what “Show me” does, through the intents of the controller.

Each is a generator under ``@action`` that yields after each step; one tick of
`LessonIntents` later it goes on. It yields while it waits for the lane or for training, so that
the window never stands still.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.own_image.crop import Preprocessing, SourceImage
from latentlab.directories import home, resources
from latentlab.errors import DataError, listed
from latentlab.latent.directions import Method
from latentlab.latent.grid import Spacing
from latentlab.latent.ranking import Score
from latentlab.session.directions import DirectionSource, LearnDirection, ReadDirections
from latentlab.session.files.dataset import SaveImageFolder
from latentlab.session.lessons.calls import CLASS, Between, Registry
from latentlab.session.library.entries import ListLibrary
from latentlab.session.map import COMPUTED_LAYOUTS, Layout
from latentlab.session.model import PickImage
from latentlab.session.own_image import Inpaint
from latentlab.session.points import GRID_SIDES, GRID_SPANS, PATH_STEPS
from latentlab.session.recipes import with_value
from latentlab.session.scores.anomalies import MAX_DRAWS, ScoreImages
from latentlab.session.scores.metrics import MeasureMetrics

if TYPE_CHECKING:
    from latentlab.session.points import Point
    from latentlab.workers.controller import Controller

type Ticks = Iterator[None]

TICK_MS = 40
"""Milliseconds between two ticks: 25 images a second, so that motion is seen."""
SLIDE_TICKS, PAUSE_TICKS = 20, 10
"""Ticks of a motion of z, and of a pause in which its result is seen."""

ACTIONS: Registry[..., Ticks] = Registry("action")
action = ACTIONS.register


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a panel: a switch, or a choice of a list, by the name on screen."""

    panel: str
    control: str
    value: bool | str


# Models and training


@action
def open_model(controller: Controller, *, name: str) -> Ticks:
    """Open a shipped model."""
    controller.runs.open(resources() / "models" / name)
    yield from _until_opened(controller)


@action
def set_form(
    controller: Controller, *, key: str, value: float | str | list[int] | list[str]
) -> Ticks:
    """Set a value of the recipe in the form, by its dotted key."""
    draft = controller.state.draft.values or {}
    controller.training.set_draft(with_value(draft, key, value))
    yield from _pause()


@ACTIONS.accepting(count=Between(10, 5000), side=Between(32, 256))
def make_image_folder(controller: Controller, *, count: int, side: int) -> Ticks:
    """Write drawn faces as files into a folder, once, and enter the folder into the form."""
    path = home() / "lessons" / f"faces-{count}-{side}"
    faces = {"kind": "synthetic-faces", "classes": "glasses", "count": count, "size": side}
    controller.files.save(SaveImageFolder(path, faces))
    yield from _until(lambda: SaveImageFolder not in controller.state.awaited)
    controller.training.use_data(
        {"kind": "folder", "root": str(path), "width": side}, f"the images in {path}"
    )
    yield from _pause()


@action
def train(controller: Controller, *, epochs: int | None = None) -> Ticks:
    """Train the recipe in the form to its end, and open the model."""
    if epochs is not None:
        yield from set_form(controller, key="training.epochs", value=epochs)
    controller.training.start()
    yield from _until(lambda: controller.state.is_training)
    yield from _until(lambda: not controller.state.is_training)
    yield from _until_opened(controller)


@action
def compare_runs(controller: Controller, *, count: int) -> Ticks:
    """Show the curves of the last runs of the user together."""
    controller.runs.list()
    yield from _until(lambda: ListLibrary not in controller.state.awaited)
    entries = controller.state.answer(ListLibrary) or ()
    own = [entry for entry in entries if not entry.shipped and not entry.damage]
    own.sort(key=lambda entry: entry.started or 0.0)
    controller.runs.compare(tuple(entry.path for entry in own[-count:]))
    yield from _pause()


# The point and the path


@action
def slide(controller: Controller, *, dimension: int, to: float) -> Ticks:
    """Move z slowly along a dimension, counted from 1."""
    point = controller.state.point
    if point is None or not 1 <= dimension <= len(point.z):
        return
    z = list(point.z)
    z[dimension - 1] = float(to)
    yield from _glide(controller, point, tuple(z))


@action
def go_to(controller: Controller, *, z1: float, z2: float) -> Ticks:
    """Move z slowly to the first two coordinates."""
    if point := controller.state.point:
        yield from _glide(controller, point, (z1, z2, *point.z[2:]))


@action
def go_home(controller: Controller) -> Ticks:
    """Set z to the mean of the codes."""
    controller.point.go_home()
    yield from _pause()


@action
def randomize(controller: Controller, *, times: int = 1) -> Ticks:
    """Draw z from the prior, several times with pauses."""
    for _ in range(times):
        controller.point.randomize()
        yield from _pause()


@ACTIONS.accepting(name=CLASS)
def set_label(controller: Controller, *, name: str) -> Ticks:
    """Give z a class."""
    controller.point.set_label(_class_named(controller, name))
    yield from _pause()


@ACTIONS.accepting(name=CLASS, role=("z", "a", "b"))
def pick(controller: Controller, *, name: str, role: str = "z") -> Ticks:
    """Set z, or A or B of the path (`role` ``a`` or ``b``), to a typical image of a class."""
    label, codes = _class_named(controller, name), controller.state.codes
    if codes is not None and codes.labels is not None:
        yield from _pick(controller, codes.typical(label), role)
    yield from _pause()


@action
def walk(controller: Controller) -> Ticks:
    """Move z along the straight path from A to B."""
    if ends := controller.state.ends:
        controller.point.set(ends.a, settled=False)
        yield from _glide(controller, ends.a, ends.b.z, 3 * SLIDE_TICKS)


@ACTIONS.accepting(count=Between(*PATH_STEPS))
def steps(controller: Controller, *, count: int) -> Ticks:
    """Set the number of images of the path."""
    if ends := controller.state.ends:
        controller.path.set(replace(ends, steps=count))
    yield from _pause()


# Map, manifold, samples


@ACTIONS.accepting(layout=COMPUTED_LAYOUTS)
def lay_out(controller: Controller, *, layout: str) -> Ticks:
    """Show another layout of the map, such as ``PCA``."""
    controller.map.lay_out(Layout(layout))
    yield from _until(lambda: controller.state.view.layout == layout)
    yield from _pause()


@ACTIONS.accepting(n=Between(*GRID_SIDES), spacing=[*Spacing], span=Between(*GRID_SPANS))
def grid(controller: Controller, *, n: int, spacing: str = "uniform", span: float = 3.0) -> Ticks:
    """Lay out the manifold with n tiles along a side."""
    now = controller.state.grid
    controller.decoding.set_grid(replace(now, n=n, spacing=Spacing(spacing), span=span))
    yield from _pause()


@action
def draw_samples(controller: Controller, *, times: int = 1) -> Ticks:
    """Draw other samples of the prior, several times with pauses."""
    for _ in range(times):
        controller.decoding.draw_samples()
        yield from _pause()


@ACTIONS.accepting(name=CLASS)
def samples_of(controller: Controller, *, name: str) -> Ticks:
    """Draw samples of one class only."""
    label = _class_named(controller, name)
    controller.decoding.set_sampling(replace(controller.state.sampling, label=label))
    yield from _pause()


@ACTIONS.accepting(name=CLASS)
def select_class(controller: Controller, *, name: str) -> Ticks:
    """Select the images of a class."""
    label, codes = _class_named(controller, name), controller.state.codes
    if codes is not None and codes.labels is not None:
        controller.selection.select(np.flatnonzero(codes.labels == label))
    yield from _pause()


@action
def choose(controller: Controller, *, panel: str, control: str, value: bool | str) -> Ticks:
    """Set a switch or a list of a panel by its name on screen, such as ``Holes`` of the map."""
    controller.setting_wanted.emit(Setting(panel, control, value))
    yield from _pause()


# Measurements


@ACTIONS.accepting(draws=Between(1, MAX_DRAWS))
def score(controller: Controller, *, draws: int = 10) -> Ticks:
    """Score the images of the map by their negative ELBO."""
    controller.ask(ScoreImages(draws))
    yield from _until(lambda: ScoreImages not in controller.state.awaited)


@action
def measure(controller: Controller, *, metric: str) -> Ticks:
    """Measure a metric of the open model, by its kind."""
    controller.ask(MeasureMetrics((metric,)))
    yield from _until(lambda: MeasureMetrics not in controller.state.awaited)


@action
def pick_most_unusual(controller: Controller) -> Ticks:
    """Set z to the code of the image with the highest negative ELBO."""
    if scores := controller.state.answer(ScoreImages):
        yield from _pick(controller, int(np.nanargmax(scores.by(Score.ELBO))))
    yield from _pause()


@action
def take_image(controller: Controller) -> Ticks:
    """Take the image of the map at z as an image of the user."""
    original = controller.state.original
    if original and original.picture is not None:
        controller.own_image.show(SourceImage(original.name, original.picture), Preprocessing())
        yield from _until(lambda: controller.state.own is not None)
    yield from _pause()


@action
def fill_in(controller: Controller, *, below: float = 0.5) -> Ticks:
    """Hide the part of the user's image below a share of its height, and fill it in."""
    if (own := controller.state.own) and own.picture is not None:
        hidden = np.zeros(own.picture.shape[:2], bool)
        hidden[round(below * len(hidden)) :] = True
        controller.ask(Inpaint(own, hidden))
        yield from _until(lambda: Inpaint not in controller.state.awaited)
    yield from _pause()


@ACTIONS.accepting(kind=("attribute", "class"))
def learn_direction(controller: Controller, *, name: str, kind: str = "attribute") -> Ticks:
    """Learn the direction of an attribute, or of a class against the others."""
    if kind == "class":
        _class_named(controller, name)
    source = DirectionSource(kind, name)
    controller.directions.learn(source, Method.MEANS, apart=False)
    waits = (LearnDirection, ReadDirections)
    yield from _until(lambda: not controller.state.awaited.intersection(waits))


@action
def follow(controller: Controller, *, direction: str, by: float) -> Ticks:
    """Move z along a direction, by a number of standard deviations of the codes along it."""
    found = [
        each for each in controller.state.answer(ReadDirections) or () if each.name == direction
    ]
    if found and (point := controller.state.point):
        step = by * found[-1].scale * np.asarray(found[-1].vector)
        yield from _glide(controller, point, tuple((np.asarray(point.z) + step).tolist()))


@action
def wait(controller: Controller, *, seconds: float = 1.0) -> Ticks:
    """Wait, so that what is shown can be seen."""
    yield from _pause(round(1000 * min(seconds, 10.0) / TICK_MS))


def _class_named(controller: Controller, name: str) -> int:
    """Return the index of a class of the open model, which a lesson names."""
    model = controller.state.model
    names = model.spec.class_names if model else ()
    if name not in names:
        advice = f"Choose one of {listed(names)}." if names else "The model has no classes."
        raise DataError(f"There is no class {name!r} in the open model.", advice)
    return names.index(name)


def _pick(controller: Controller, row: int, role: str = "z") -> Ticks:
    """Pick an image of the map, and wait for its code; it may be the one picked already."""
    controller.point.pick(row, role)
    yield from _until(lambda: PickImage not in controller.state.awaited)


def _glide(
    controller: Controller, start: Point, end: tuple[float, ...], ticks: int = SLIDE_TICKS
) -> Ticks:
    """Move z from a point to another in equal steps."""
    for i in range(1, ticks + 1):
        share = i / ticks
        z = tuple(a + (b - a) * share for a, b in zip(start.z, end, strict=True))
        controller.point.set(start.at(z), settled=i == ticks)
        yield
    yield from _pause()


def _pause(ticks: int = PAUSE_TICKS) -> Ticks:
    for _ in range(ticks):
        yield


def _until(condition: Callable[[], bool]) -> Ticks:
    while not condition():
        yield


def _until_opened(controller: Controller) -> Ticks:
    """Wait until a model is open and its point is set."""
    yield from _until(lambda: not controller.state.opening)
    yield from _pause()
