"""What undo restores, as frozen snapshots, and the names of the steps between them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from latentlab.session.bookmarks import ReadBookmarks
from latentlab.session.directions import Groups, ReadDirections
from latentlab.session.form import field_titles
from latentlab.session.interpolation import MakeBlend
from latentlab.session.points import GridSettings, SampleSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latentlab.session.directions import Direction
    from latentlab.session.form import Field
    from latentlab.session.interpolation import Bookmark
    from latentlab.session.map import MapView
    from latentlab.session.points import LatentPath, Original, Point
    from latentlab.session.selection import Selection
    from latentlab.session.state import State

MODEL_INDEPENDENT = frozenset({"draft", "choices"})
"""Fields of a `Snapshot` whose steps remain when another model is opened."""
RECIPE = "recipe."
"""Prefix of the keys of the recipe among `differences`."""
NAMES = {
    "own": "change of your image",
    "slots": "change of Arithmetic",
    "bookmarks": "change of bookmarks",
    "directions": "change of directions",
    "kept": "change of named selections",
    "selection": "selection",
    "groups": "change of the groups of a direction",
    "view": "view of the map",
    "grid": "change of the manifold",
    "sampling": "change of samples",
    "ends": "change of the path",
    "point": "move of z",
    "original": "move of z",
}
"""Names of steps by the field that they change; where a step changes several, the first one."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that undo restores.

    Parameters
    ----------
    point, ends, original, own, view, selection, kept, groups, grid, sampling
        Fields of the state.
    bookmarks, directions, slots
        Answers; ``slots`` are A, B and C of A - B + C, empty until decoded. None means unread.
    draft : mapping or None
        Recipe in the form of the next run; None until the form is made.
    choices : mapping of str to object
        Settings that a panel holds itself, by the name of the setting.
    """

    point: Point | None = None
    ends: LatentPath | None = None
    original: Original | None = None
    own: Original | None = None
    view: MapView | None = None
    selection: Selection | None = None
    kept: tuple[Selection, ...] = ()
    groups: Groups = field(default=Groups())
    grid: GridSettings = field(default=GridSettings())
    sampling: SampleSettings = field(default=SampleSettings())
    bookmarks: tuple[Bookmark, ...] = ()
    directions: tuple[Direction, ...] | None = None
    slots: tuple[Point, ...] = ()
    draft: Mapping[str, Any] | None = None
    choices: Mapping[str, Any] = field(default_factory=dict)


def snapshot(state: State, choices: Mapping[str, Any]) -> Snapshot:
    """Return the part of a state that undo restores, and the settings of panels."""
    blend = state.answer(MakeBlend)
    return Snapshot(
        point=state.point,
        ends=state.ends,
        original=state.original,
        own=state.own,
        view=state.view,
        selection=state.selection,
        kept=state.kept,
        groups=state.groups,
        grid=state.grid,
        sampling=state.sampling,
        bookmarks=state.answer(ReadBookmarks) or (),
        directions=state.answer(ReadDirections),
        slots=blend.slots if blend else (),
        draft=state.draft.values,
        choices=choices,
    )


def for_new_model(old: Snapshot, first: Snapshot) -> Snapshot:
    """Return the first snapshot of a new model with what is independent of the model of `old`."""
    return replace(first, **{name: getattr(old, name) for name in MODEL_INDEPENDENT})


def outdated(place: Snapshot) -> Snapshot:
    """Return a snapshot whose images were encoded with earlier weights."""
    original, own = place.original, place.own
    return replace(
        place,
        original=original and replace(original, is_outdated=True),
        own=own and replace(own, is_outdated=True),
    )


def differences(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """Return what differs: names of fields, keys of the recipe, and names of settings of panels."""
    names = [each.name for each in fields(Snapshot) if each.name not in MODEL_INDEPENDENT]
    changed = [name for name in names if getattr(before, name) != getattr(after, name)]
    changed += _changed_keys(before.draft or {}, after.draft or {}, RECIPE)
    return (*changed, *_changed_keys(before.choices, after.choices))


def step_title(changed: tuple[str, ...], form: tuple[Field, ...] = ()) -> str:
    """Return the name of a step, such as ``change of beta``; empty if nothing changed.

    Parameters
    ----------
    changed : tuple of str
        Result of `differences`.
    form : tuple of Field
        Fields of the recipe, whose titles replace the keys.
    """
    known = [title for name, title in NAMES.items() if name in changed]
    if known:
        return known[0]
    keys = [name.removeprefix(RECIPE) for name in changed if name.startswith(RECIPE)]
    kinds = [key.removesuffix(".kind") for key in keys if key.endswith(".kind")]
    if len(kinds or keys) > 1:
        return "change of the recipe"
    titles = field_titles(form) if keys else {}
    names = [titles.get(key, key) for key in kinds or keys] or list(changed)
    return f"change of {names[0][0].lower()}{names[0][1:]}" if names else ""


def _changed_keys(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Return the dotted keys of nested tables whose values differ."""
    changed: list[str] = []
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if prefix and isinstance(before, dict) and isinstance(after, dict):
            changed += _changed_keys(before, after, f"{prefix}{key}.")
        else:
            changed.append(f"{prefix}{key}")
    return changed
