"""Context menu of a position on the map."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from latentlab.widgets.kit.context_menu import PATH_ENDS, add_transfer_menu
from latentlab.widgets.panels.map.selection_bar import add_mean_actions

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu

    from latentlab.widgets.panels.map.plot import MapPosition
    from latentlab.workers.controller import Controller

    Put = Callable[[str, float, float, bool], None]


def fill_map_menu(
    menu: QMenu,
    controller: Controller,
    spot: MapPosition,
    row: int | None,
    go: Callable[[float, float], None],
    put: Put,
) -> None:
    """Add the actions for a spot, and for the image nearest to it, to a menu."""
    menu.addAction("Set z here", partial(go, spot.x, spot.y))
    for end, name in PATH_ENDS.items():
        menu.addAction(f"Set {name} here", partial(put, end, spot.x, spot.y, True))
    if row is not None:
        menu.addSeparator()
        menu.addAction("Set z to the nearest image", partial(controller.point.pick, row))
        for end, name in PATH_ENDS.items():
            text = f"Set {name} to the nearest image"
            menu.addAction(text, partial(controller.point.pick, row, end))
        add_transfer_menu(menu, controller, "the nearest image", row)
    menu.addSeparator()
    if controller.state.selection:
        add_mean_actions(menu, controller)
        menu.addSeparator()
