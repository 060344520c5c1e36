"""Recipe of a picture: the model, z and the settings that it was made with.

It is written into the metadata of every picture, so that opening the picture can bring the scene
back. It holds no paths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latentlab.session.map import MapView
    from latentlab.session.points import Point
    from latentlab.session.state import State

FORMAT = 1


def recipe_of(
    state: State, settings: Mapping[str, Any], point: Point | None = None
) -> dict[str, Any]:
    """Return the recipe of a picture of the present state.

    Parameters
    ----------
    state : State
        Provides model, z and view.
    settings : mapping
        Settings of the picture, which are added.
    point : Point, optional
        The point that the picture shows, by default the current z.
    """
    model, shown = state.model, point or state.point
    about: dict[str, Any] = {"scene": FORMAT}
    if model:
        about |= {
            "model": model.name,
            "weights": model.weights,
            "epoch": model.epoch,
            "recipe": model.recipe,
        }
    if shown:
        about |= {"z": shown.z, "label": shown.label}
    return {**about, "view": view_record(state.view), **settings}


def view_record(view: MapView) -> dict[str, Any]:
    """Return a view of the map as plain values."""
    plane = view.frame
    return {
        "layout": view.layout.value,
        "across": list(plane.across),
        "up": list(plane.up),
        "names": list(plane.names),
    }
