"""Base classes of the panels, and their discovery."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QVBoxLayout, QWidget

from latentlab.session.abilities import NOTHING
from latentlab.session.state import NAMES
from latentlab.widgets.kit.context_menu import add_button_actions
from latentlab.widgets.kit.flow_layout import FlowLayout, WrappingWidget
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from PySide6.QtCore import QPoint
    from PySide6.QtGui import QHideEvent, QShowEvent
    from PySide6.QtWidgets import QMenu

    from latentlab.session.abilities import Abilities
    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

REDRAW_INTERVAL_MS = 1000
"""Milliseconds between two redraws of a `ThrottledPanel` during training."""
ALL_CHANGES: Changes = frozenset(NAMES)


class Area(IntEnum):
    """Part of a workspace."""

    LEFT = 0
    CENTRE = 1
    BOTTOM = 2
    RIGHT = 3


@dataclass(frozen=True)
class Place:
    """Default place of a panel in a workspace.

    Parameters
    ----------
    area : Area
        Part of the workspace.
    order : int
        Position within the area, from the left or from the top.
    share : int
        Size relative to the other panels of the area.
    is_behind : bool
        Whether it is a tab behind the panel of the same area and order.
    """

    area: Area
    order: int = 0
    share: int = 1
    is_behind: bool = False


@dataclass(frozen=True)
class Panel:
    """Declaration of a panel; its dock, menu entry and help are made from it.

    Parameters
    ----------
    key : str
        Name in saved layouts; never change it.
    title : str
        Name on screen.
    places : mapping of str to Place
        Workspaces that contain the panel by default, by key, and its place in each.
    help : str
        Short paragraph of rich text: what the panel shows and what to try.
    widget : type
        Created when the panel is first shown.
    scrolls : bool
        Whether the panel scrolls where it has less height than it needs.
    badge : callable, optional
        Returns the text that is added to the title, such as a number of findings.
    needs : frozenset of Ability
        Abilities of the model without which the panel only says what is missing.
    """

    key: str
    title: str
    places: Mapping[str, Place]
    help: str
    widget: type[PanelWidget]
    scrolls: bool = False
    badge: Callable[[State], str] | None = None
    needs: Abilities = NOTHING


class PanelWidget(WrappingWidget):
    """Content of a panel: a row of tools above a body.

    Parameters
    ----------
    controller : Controller
        Receives the intents; its state is rendered.
    """

    watches: Changes = frozenset()
    """Fields of the state that `show_state` reads, and request types whose answers it shows."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controller = controller
        self._pending: Changes = ALL_CHANGES | self.watches
        self._in_front = True
        column = QVBoxLayout(self)
        column.setContentsMargins(UNIT, 0, UNIT, UNIT)
        column.setSpacing(UNIT // 2)
        self.tools = FlowLayout(UNIT // 2)
        column.addLayout(self.tools)
        self.body = column
        controller.watchers.add(self._on_changed, self.watches)

    def show_state(self, state: State, changed: Changes) -> None:
        """Show what changed; called only while the panel is visible."""
        raise NotImplementedError

    def wants(self, state: State) -> Iterable[Request[Any]]:
        """Return the requests whose answers the panel shows; sent only while it is visible.

        It is called after each change of the state, so it must be fast. A request that was already
        sent for the same codes is not sent again. After a change of its own settings the panel
        calls ``controller.demand.renew()``.
        """
        return ()

    def drop_targets(self, paths: Sequence[Path]) -> Iterable[tuple[QWidget, str]]:
        """Return the widgets that take dropped paths, and what each does with them.

        Widgets that take no files leave them to the window.
        """
        return ()

    def fill_menu(self, menu: QMenu, place: QPoint) -> None:
        """Add the actions of the tools to the context menu."""
        add_button_actions(menu, self._tool_buttons())

    def _tool_buttons(self) -> list[QAbstractButton]:
        """Return the buttons of the tools, from left to right."""
        found: list[QAbstractButton] = []
        for index in range(self.tools.count()):
            item = self.tools.itemAt(index)
            widget = item.widget() if item else None
            if isinstance(widget, QAbstractButton):
                found.append(widget)
            elif widget:
                found += widget.findChildren(QAbstractButton)
        # Buttons inside a text field, such as the one that clears it, belong to the field.
        return [button for button in found if not isinstance(button.parent(), QLineEdit)]

    @Slot(object, object)
    def _on_changed(self, state: State, changed: Changes) -> None:
        self._pending = self._pending | (changed & self.watches)
        if self.isVisible() and self._in_front:
            self._show_pending(state)

    def set_in_front(self, in_front: bool) -> None:
        """Set whether the panel is the current one of its group of tabs."""
        self._in_front = in_front
        self._update_demand()
        if in_front and self.isVisible():
            self._show_pending(self.controller.state)

    def _show_pending(self, state: State) -> None:
        pending, self._pending = self._pending, frozenset()
        if pending:
            self.show_state(state, pending)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._update_demand()
        if self._in_front:
            self._show_pending(self.controller.state)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._update_demand()

    def _update_demand(self) -> None:
        if self.isVisible() and self._in_front:
            self.controller.demand.show(self, self.wants)
        else:
            self.controller.demand.hide(self)


class ThrottledPanel(PanelWidget):
    """Panel that is redrawn at once, but at most once a second during training."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._redraw_timer = QTimer(self)
        self._redraw_timer.setSingleShot(True)
        self._redraw_timer.setInterval(REDRAW_INTERVAL_MS)
        self._redraw_timer.timeout.connect(self._draw_now)

    def draw(self, state: State) -> None:
        """Redraw the panel from the state."""
        raise NotImplementedError

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        """Redraw the panel; delayed during training, which needs the processor itself."""
        if not state.is_training:
            self.draw(state)
        elif not self._redraw_timer.isActive():
            self._redraw_timer.start()

    @Slot()
    def _draw_now(self) -> None:
        self.draw(self.controller.state)


def find_panels() -> list[Panel]:
    """Return every panel declared in ``latentlab.widgets.panels``, sorted by title."""
    package = importlib.import_module("latentlab.widgets.panels")
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    modules = [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    return sorted((module.PANEL for module in modules), key=lambda p: p.title)
