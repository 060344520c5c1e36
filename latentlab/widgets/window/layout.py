"""Default layout of a workspace: two side columns, a centre, and a row below the centre.

LEFT | CENTRE CENTRE | RIGHT
LEFT | CENTRE CENTRE | RIGHT
LEFT | BOTTOM BOTTOM | RIGHT
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from latentlab.widgets.panel import Area, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from PySide6.QtWidgets import QMainWindow

    from latentlab.widgets.panel import Panel
    from latentlab.widgets.window.dock import Dock

COLUMNS = (Area.LEFT, Area.CENTRE, Area.RIGHT)
ACROSS, DOWN = Qt.Orientation.Horizontal, Qt.Orientation.Vertical


@dataclass(frozen=True, slots=True)
class Workspace:
    """A named set of panels for one kind of task.

    Parameters
    ----------
    key, title : str
        Name in saved layouts and in `Panel.places`, and name on screen.
    tip : str
        One sentence: what the workspace is for.
    left, right : float
        Shares of the window's width for the side columns.
    bottom : float
        Share of the window's height for the row below the centre.
    """

    key: str
    title: str
    tip: str
    left: float = 0.18
    right: float = 0.24
    bottom: float = 0.32

    def contents(self, panels: Iterable[Panel]) -> list[Panel]:
        """Return the panels that the workspace contains by default, in reading order."""
        inside = [panel for panel in panels if self.key in panel.places]
        places = {panel.key: panel.places[self.key] for panel in inside}

        def position(panel: Panel) -> tuple[int, int, bool]:
            place = places[panel.key]
            return place.area, place.order, place.is_behind

        return sorted(inside, key=position)


WORKSPACES = (
    Workspace("explore", "Explore", "See what a model has learned: map, manifold, samples, paths"),
    Workspace("train", "Train", "Set up a run and watch it learn", 0.25, 0.25, 0.38),
    Workspace("edit", "Edit", "Encode an image of your own and change it", 0.34, 0.34, 0.42),
    Workspace(
        "analyse",
        "Analyse",
        "Find out what the latent space holds and where it fails",
        left=0,
        right=0.26,
        bottom=0.36,
    ),
    Workspace("compare", "Compare", "Set two models or several runs side by side", 0.3, 0.22, 0.36),
    Workspace("learn", "Learn", "Lessons: see each idea, one step after another", 0.32, 0.26, 0.38),
)
SPOTS = (Place(Area.CENTRE), Place(Area.RIGHT, 0), Place(Area.RIGHT, 1), Place(Area.BOTTOM))
"""Places of the panels of a step of a lesson, in their order."""


def default_places(panels: Iterable[Panel], workspace: Workspace) -> dict[str, Place]:
    """Return the default place of each panel of a workspace, by its key, in reading order."""
    inside = workspace.contents(panels)
    return {panel.key: panel.places[workspace.key] for panel in inside}


def step_places(panels: Iterable[str]) -> dict[str, Place]:
    """Return the place of each panel of a step of a lesson, beside the lesson."""
    return {"lesson": Place(Area.LEFT)} | dict(zip(panels, SPOTS, strict=False))


def apply_layout(
    window: QMainWindow, docks: list[Dock], workspace: Workspace, places: Mapping[str, Place]
) -> None:
    """Move docks to their places in a workspace, by panel, and hide the others."""
    by_panel = {dock.panel.key: dock for dock in docks}
    areas: dict[Area, list[Dock]] = {area: [] for area in Area}
    for key, place in places.items():
        if not place.is_behind:
            areas[place.area].append(by_panel[key])
    for dock in docks:
        # Hide first: visible docks that are stacked for a moment would enlarge the window.
        dock.hide()
        dock.setFloating(False)
        window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    _split(window, [areas[area][0] for area in COLUMNS if areas[area]], ACROSS)
    _split(window, [areas[area][0] for area in (Area.CENTRE, Area.BOTTOM) if areas[area]], DOWN)
    for area, inside in areas.items():
        _split(window, inside, DOWN if area in (Area.LEFT, Area.RIGHT) else ACROSS)
    shown = [dock for inside in areas.values() for dock in inside]
    behind = [by_panel[key] for key, place in places.items() if place.is_behind]
    fronts = {_spot(places[dock.panel.key]): dock for dock in shown}
    for dock in behind:
        window.tabifyDockWidget(fronts[_spot(places[dock.panel.key])], dock)
        dock.show()
    # Panels of other workspaces open as tabs behind the last panel of this one.
    for dock in docks:
        if dock.panel.key not in places:
            window.tabifyDockWidget(shown[-1], dock)
    for dock in shown:
        dock.show()
        dock.raise_()
    _resize(window, areas, workspace, places)


def _spot(place: Place) -> tuple[Area, int]:
    return place.area, place.order


def _split(window: QMainWindow, docks: list[Dock], direction: Qt.Orientation) -> None:
    for before, after in pairwise(docks):
        window.splitDockWidget(before, after, direction)


def _resize(
    window: QMainWindow,
    areas: dict[Area, list[Dock]],
    workspace: Workspace,
    places: Mapping[str, Place],
) -> None:
    width, height = window.width(), window.height()
    sides = {Area.LEFT: workspace.left * width, Area.RIGHT: workspace.right * width}
    middle = width - sum(share for area, share in sides.items() if areas[area])
    row: list[tuple[Dock, int]] = []
    for area in COLUMNS:
        parts = _parts(areas[area][:1] if area in sides else areas[area], places)
        row += [(dock, round(sides.get(area, middle) * part)) for dock, part in parts]
    _set_sizes(window, row, ACROSS)
    lower = _parts(areas[Area.BOTTOM], places)
    _set_sizes(window, [(dock, round(middle * part)) for dock, part in lower], ACROSS)
    for area in sides:
        column = [(dock, round(height * part)) for dock, part in _parts(areas[area], places)]
        _set_sizes(window, column, DOWN)
    if lower:
        share = workspace.bottom
        rows = [(areas[Area.CENTRE][0], 1 - share), (areas[Area.BOTTOM][0], share)]
        _set_sizes(window, [(dock, round(height * part)) for dock, part in rows], DOWN)


def _parts(docks: list[Dock], places: Mapping[str, Place]) -> list[tuple[Dock, float]]:
    """Return docks of an area with the part that each takes of it."""
    shares = [places[dock.panel.key].share for dock in docks]
    return [(dock, share / sum(shares)) for dock, share in zip(docks, shares, strict=True)]


def _set_sizes(
    window: QMainWindow, sizes: list[tuple[Dock, int]], direction: Qt.Orientation
) -> None:
    window.resizeDocks([dock for dock, _ in sizes], [size for _, size in sizes], direction)
