"""Scenes: what is on screen as a JSON file, and the part of it that a picture carries.

A scene names its model by path and by a hash of its weights; it holds numbers and texts only.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import FailFast, Field, TypeAdapter

from latentlab.data.data_set import MAX_CONDITIONS
from latentlab.errors import RunError
from latentlab.json_files import Count, Record
from latentlab.latent.grid import Spacing
from latentlab.latent.interpolation.curves import Easing
from latentlab.latent.planes import Plane
from latentlab.session.bookmarks import ReadBookmarks
from latentlab.session.directions import Direction, ReadDirections
from latentlab.session.map import COMPUTED_LAYOUTS, Layout, MapView
from latentlab.session.points import (
    GRID_SIDES,
    GRID_SPANS,
    PATH_STEPS,
    GridSettings,
    Key,
    LatentPath,
    Loop,
    SampleSettings,
)
from latentlab.session.request import Lifetime, Priority, Request, SaveFile, Write
from latentlab.session.runs import Message
from latentlab.session.selection import Selection, select

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.session.points import ModelCard
    from latentlab.session.state import State

SCENES = ("latentlab", "scene")
"""Formats of a scene file; the first one is written, the other one was in earlier versions."""
MAX_DIMENSIONS, MAX_ITEMS, MAX_TEXT = 65_536, 10_000, 10_000
ORTHONORMAL_TOLERANCE = 1e-3

Coordinate = Annotated[float, Field(ge=-1e6, le=1e6)]
Vector = Annotated[tuple[Coordinate, ...], Field(max_length=MAX_DIMENSIONS), FailFast()]
Text = Annotated[str, Field(max_length=MAX_TEXT)]
Label = (
    Annotated[int, Field(ge=0, le=1_000_000)]
    | Annotated[tuple[float, ...], Field(max_length=MAX_CONDITIONS)]
)
"""A class, or the value of each condition."""


class ScenePoint(Record):
    """Point with its label; bookmarks have a note, and waypoints a time from 0 to 1."""

    z: Vector
    label: Label | None = None
    note: Text = ""
    time: Annotated[float, Field(ge=0, le=1)] = 0.0


class SceneView(Record):
    """View of the map: layout and plane."""

    layout: Text
    across: Vector
    up: Vector
    names: tuple[Text, Text] = ("", "")


class ScenePath(Record):
    """Path from A to B."""

    a: ScenePoint
    b: ScenePoint
    steps: Annotated[int, Field(ge=PATH_STEPS[0], le=PATH_STEPS[1])] = 12
    keys: Annotated[tuple[ScenePoint, ...], Field(max_length=1000)] = ()
    easing: Text = Easing.LINEAR.value
    loop: Text = Loop.BACK.value


class SceneGrid(Record):
    """Settings of the manifold."""

    n: Annotated[int, Field(ge=GRID_SIDES[0], le=GRID_SIDES[1])] = 20
    span: Annotated[float, Field(ge=GRID_SPANS[0], le=GRID_SPANS[1])] = 3.0
    spacing: Text = Spacing.UNIFORM.value


class SceneSelection(Record):
    """Named selection of images."""

    name: Text
    rows: Annotated[tuple[Count, ...], Field(max_length=10_000_000), FailFast()]


class Scene(Record):
    """Everything that a person has arranged; see each field of `State`."""

    scene: Literal[1]
    model: Text = ""
    weights: Text = ""
    path: Text = ""
    obsm: Text = ""
    data: Text = ""
    z: Vector | None = None
    label: Label | None = None
    view: SceneView | None = None
    route: ScenePath | None = None
    grid: SceneGrid | None = None
    seed: Annotated[int, Field(ge=0, le=9999)] = 0
    bookmarks: Annotated[tuple[ScenePoint, ...], Field(max_length=MAX_ITEMS)] = ()
    directions: Annotated[tuple[Direction, ...], Field(max_length=MAX_ITEMS)] = ()
    selections: Annotated[tuple[SceneSelection, ...], Field(max_length=1000)] = ()
    workspace: Text = ""


SCENE = TypeAdapter(Scene)


@dataclass(frozen=True, slots=True)
class FoundScene:
    """Scene of a file, and the model that it belongs to.

    Parameters
    ----------
    scene : Scene or None
        None if a picture has no scene.
    model : Path or None
        Where the model is; None if it was not found.
    note : str
        What the user should know, such as that the weights have changed.
    """

    path: Path
    scene: Scene | None = field(default=None, repr=False)
    model: Path | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReadScene(Request["FoundScene"]):
    """Read the scene in a scene file, or in the metadata of a picture or a film."""

    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    path: Path
    is_needed: bool = False
    """Whether a file without a scene is refused, because it is opened for its scene only."""


@dataclass(frozen=True, slots=True)
class SaveScene(SaveFile):
    """Write a scene to a file that the user chose."""

    scene: Scene = field(repr=False)
    path: Path


@dataclass(frozen=True, slots=True)
class KeepSession(Write[None]):
    """Write the present scene, to offer it after a crash; None deletes the file."""

    scene: Scene | None = field(repr=False)
    path: Path


@dataclass(frozen=True, slots=True)
class AddMarks(Request["tuple[int, int]"]):
    """Add the bookmarks and the directions of a scene to those of the open model."""

    writes: ClassVar[bool] = True
    card: ModelCard
    scene: Scene = field(repr=False)


# From the state to a scene


def scene_of(state: State) -> Scene | None:
    """Return the scene of a state, or None without a model."""
    model = state.model
    if model is None or state.point is None:
        return None
    named = (*state.kept, *((replace(state.selection, name=""),) if state.selection else ()))
    return Scene(
        scene=1,
        model=model.name,
        weights=model.weights,
        path=str(model.source or model.file or ""),
        obsm=model.obsm,
        data=_images_of(state),
        z=state.point.z,
        label=state.point.label,
        view=_view_record(state.view),
        route=path_record(state.ends) if state.ends else None,
        grid=SceneGrid(
            n=state.grid.n, span=float(state.grid.span), spacing=state.grid.spacing.value
        ),
        seed=state.sampling.seed,
        bookmarks=tuple(
            ScenePoint(z=mark.point.z, label=mark.point.label, note=mark.note)
            for mark in state.answer(ReadBookmarks) or ()
        ),
        directions=state.answer(ReadDirections) or (),
        selections=tuple(
            SceneSelection(name=each.name, rows=tuple(each.rows.tolist())) for each in named
        ),
        workspace=state.workspace,
    )


def _images_of(state: State) -> str:
    """Return the name of the data set on the map, and the number of its images there."""
    total = 0 if state.codes is None else len(state.codes)
    return f"{state.model.data if state.model else ''}, {total} images"


def _view_record(view: MapView) -> SceneView:
    plane = view.frame
    return SceneView(layout=view.layout.value, across=plane.across, up=plane.up, names=plane.names)


def path_record(ends: LatentPath) -> ScenePath:
    """Return a path as a record."""
    return ScenePath(
        a=ScenePoint(z=ends.a.z, label=ends.a.label),
        b=ScenePoint(z=ends.b.z, label=ends.b.label),
        steps=ends.steps,
        keys=tuple(
            ScenePoint(z=key.point.z, label=key.point.label, time=key.time) for key in ends.keys
        ),
        easing=ends.easing.value,
        loop=ends.loop.value,
    )


# From a scene to changes of the state


def restored(scene: Scene, state: State) -> dict[str, Any]:
    """Return the fields of the state that a scene sets.

    Selections are of the images on the map: with other images they are left out, and a message
    says so.

    Raises
    ------
    RunError
        If the scene belongs to a model with another number of dimensions.
    """
    model = state.model
    if model is None:
        raise RunError("No model is open yet.", "Open one from the library.")
    if scene.z is not None and len(scene.z) != model.latent_dim:
        raise RunError(
            f"The scene has {len(scene.z)} dimensions, and {model.name} has {model.latent_dim}.",
            "Open the model that it was made with.",
        )
    changes: dict[str, Any] = {}
    if scene.z is not None:
        changes |= {"point": model.point(scene.z, scene.label), "original": None}
    if scene.view and (view := _view(scene.view, model)):
        changes["view"] = view
    if scene.route and (path := _path(scene.route, model)):
        changes["ends"] = path
    if scene.grid:
        changes["grid"] = GridSettings(
            scene.grid.n, scene.grid.span, _member(Spacing, scene.grid.spacing, Spacing.UNIFORM)
        )
    if scene.selections:
        changes |= _selections(scene, state)
    changes["sampling"] = SampleSettings(scene.seed, state.sampling.label, state.sampling.count)
    return changes


def layout_to_compute(scene: Scene) -> Layout | None:
    """Return the layout of a scene that must be computed from the codes, or None."""
    layout = _member(Layout, scene.view.layout, Layout.AXES) if scene.view else Layout.AXES
    return layout if layout in COMPUTED_LAYOUTS else None


def _view(view: SceneView, model: ModelCard) -> MapView | None:
    """Return the view, or None if it must be computed or is not a plane of the model."""
    layout, basis = _member(Layout, view.layout, Layout.AXES), (view.across, view.up)
    if layout in COMPUTED_LAYOUTS or any(len(each) != model.latent_dim for each in basis):
        return None
    across, up = (np.asarray(each) for each in basis)
    norms = np.array([across @ across, up @ up])
    is_plane = abs(across @ up) < ORTHONORMAL_TOLERANCE or view.across == view.up
    if not is_plane or (abs(norms - 1) > ORTHONORMAL_TOLERANCE).any():
        return None
    return MapView(layout, Plane(view.across, view.up, view.names))


def _path(path: ScenePath, model: ModelCard) -> LatentPath | None:
    points = (path.a, path.b, *path.keys)
    if any(len(point.z) != model.latent_dim for point in points):
        return None
    a, b, *others = (model.point(each.z, each.label) for each in points)
    keys = (Key(record.time, point) for record, point in zip(path.keys, others, strict=True))
    easing = _member(Easing, path.easing, Easing.LINEAR)
    loop = _member(Loop, path.loop, Loop.BACK)
    return LatentPath(a, b, path.steps, (), easing, loop).with_keys(*keys)


def _selections(scene: Scene, state: State) -> dict[str, Any]:
    """Return the selections if the same images are on the map, else the message that says so."""
    shown = _images_of(state)
    if scene.data != shown:
        made = scene.data or "unknown images"
        text = f"The selections are left out: they are of {made}, and the map shows {shown}"
        return {"message": Message(text)}
    count = 0 if state.codes is None else len(state.codes)
    fitting = [each for each in scene.selections if each.rows and max(each.rows) < count]
    found = [(each.name, select(np.array(each.rows))) for each in fitting]
    kept = tuple(Selection(one.rows, name) for name, one in found if name and one)
    chosen = next((one for name, one in found if not name), None)
    return {"kept": kept, "selection": chosen}


def _member[E](kind: type[E], value: str, default: E) -> E:
    members: dict[str, E] = {each.value: each for each in kind}  # type: ignore[attr-defined]
    return members.get(value, default)
