"""Default layout of the panels: columns at the sides, rows in the centre and at the bottom.

LEFT | CENTRE  CENTRE | RIGHT
LEFT | CENTRE  CENTRE | RIGHT
LEFT | BOTTOM  BOTTOM  BOTTOM

A panel may be tabbed behind another.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabWidget

from latentlab.widgets.panel import Area

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow

    from latentlab.widgets.window.dock import Dock

ACROSS, DOWN = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
SIDES = {Area.LEFT: 0.19, Area.RIGHT: 0.215}
"""Fraction of the window width for each side column."""
LOWER = 0.34
"""Fraction of the window height for the bottom row."""


def apply_default_layout(window: QMainWindow, docks: list[Dock]) -> None:
    """Dock all panels in the default layout, by their order within an area."""
    front = [dock for dock in docks if not dock.panel.behind]
    areas = {area: [dock for dock in front if dock.panel.area is area] for area in Area}
    firsts = {area: inside[0] for area, inside in areas.items() if inside}
    for dock in docks:
        # Hidden docks take no space; all of them, stacked, would enlarge the window.
        dock.hide()
        dock.setFloating(False)
        window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    _split(window, [firsts[a] for a in (Area.LEFT, Area.CENTRE) if a in firsts], ACROSS)
    _split(window, [firsts[a] for a in (Area.CENTRE, Area.BOTTOM) if a in firsts], DOWN)
    _split(window, [firsts[a] for a in (Area.CENTRE, Area.RIGHT) if a in firsts], ACROSS)
    for area, inside in areas.items():
        direction = DOWN if area in SIDES else ACROSS
        _split(window, inside, direction)
    window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
    for dock in docks:
        _tabify(window, dock, docks)
        dock.show()
    for dock in front:
        dock.raise_()
    _resize(window, areas)


def _tabify(window: QMainWindow, dock: Dock, docks: list[Dock]) -> None:
    front = next((other for other in docks if other.panel.key == dock.panel.behind), None)
    if front:
        window.tabifyDockWidget(front, dock)


def _split(window: QMainWindow, docks: list[Dock], direction: Qt.Orientation) -> None:
    for before, after in pairwise(docks):
        window.splitDockWidget(before, after, direction)


def _resize(window: QMainWindow, areas: dict[Area, list[Dock]]) -> None:
    width, height = window.width(), window.height()
    middle = width * (1 - sum(SIDES.values()))
    for area, inside in areas.items():
        total = sum(dock.panel.share for dock in inside)
        shares = [dock.panel.share / max(1, total) for dock in inside]
        if area in SIDES:
            size = height if area is Area.LEFT else height * (1 - LOWER)
            window.resizeDocks(inside, [round(share * size) for share in shares], DOWN)
            window.resizeDocks(inside[:1], [round(SIDES[area] * width)], ACROSS)
        else:
            size = middle if area is Area.CENTRE else width * (1 - SIDES[Area.LEFT])
            window.resizeDocks(inside, [round(share * size) for share in shares], ACROSS)
    lower = areas.get(Area.BOTTOM, [])
    window.resizeDocks(lower[:1], [round(LOWER * height)], DOWN)
