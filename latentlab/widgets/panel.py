"""What a panel is, and how panels are found."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from latentlab.session.state import NAMES
from latentlab.widgets.kit.flow_layout import Page
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from PySide6.QtGui import QHideEvent, QShowEvent

    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

REDRAW_MS = 1000
"""Milliseconds between two drawings of a calm panel while training."""
ALL: Changes = frozenset(NAMES)


class Area(IntEnum):
    """Where a panel stands at first."""

    LEFT = 0
    CENTRE = 1
    RIGHT = 2
    BOTTOM = 3


@dataclass(frozen=True)
class Panel:
    """A panel's declaration; dock, menu entry, shortcut and help follow from it.

    Parameters
    ----------
    key : str
        Its name in saved layouts; never change it.
    title : str
        Its name on screen.
    area, order : Area, int
        Where it stands at first.
    shortcut : str
        Shows and hides it.
    help : str
        What one is looking at and what to try, a short paragraph of rich text.
    widget : type
        Made when the panel is first needed.
    share : int
        How much of its area it takes, relative to its neighbours.
    behind : str
        Key of the panel behind which it stands at first, as a tab; empty for a place of its own.
    badge : callable, optional
        Says from the state what its tab adds to the title, such as a number of findings.
    """

    key: str
    title: str
    area: Area
    order: int
    shortcut: str
    help: str
    widget: type[PanelWidget]
    share: int = 1
    behind: str = ""
    badge: Callable[[State], str] | None = None


class PanelWidget(Page):
    """The inside of a panel: a row of tools above a body.

    Parameters
    ----------
    controller : Controller
        Takes intents; its state is rendered.
    """

    watches: Changes = frozenset()
    """What `show_state` looks at: fields of the state, and kinds of request whose answers it
    shows."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controller = controller
        self._missed: Changes = ALL | self.watches
        self._in_front = True
        column = QVBoxLayout(self)
        column.setContentsMargins(UNIT, 0, UNIT, UNIT)
        column.setSpacing(UNIT // 2)
        self.tools = QHBoxLayout()
        self.tools.setSpacing(UNIT // 2)
        column.addLayout(self.tools)
        self.body = column
        controller.changed.connect(self._on_changed)

    def show_state(self, state: State, changed: Changes) -> None:
        """Show what changed; called only while the panel can be seen."""
        raise NotImplementedError

    def wants(self, state: State) -> Iterable[Request[Any]]:
        """Return the requests whose answers are shown of a state; sent only while it can be seen.

        It is called after each change, so it must be quick. A request that was sent for the same
        codes is not sent again. After a change of its own settings the panel calls
        ``controller.demand.renew()``.
        """
        return ()

    @Slot(object, object)
    def _on_changed(self, state: State, changed: Changes) -> None:
        self._missed = self._missed | (changed & self.watches)
        if self.isVisible() and self._in_front:
            self._catch_up(state)

    def set_in_front(self, in_front: bool) -> None:
        """Say whether it is the one that is seen of the tabs that share its place."""
        self._in_front = in_front
        self._tell_visible()
        if in_front and self.isVisible():
            self._catch_up(self.controller.state)

    def _catch_up(self, state: State) -> None:
        missed, self._missed = self._missed, frozenset()
        if missed:
            self.show_state(state, missed)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tell_visible()
        if self._in_front:
            self._catch_up(self.controller.state)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tell_visible()

    def _tell_visible(self) -> None:
        if self.isVisible() and self._in_front:
            self.controller.demand.show(self, self.wants)
        else:
            self.controller.demand.hide(self)


class CalmPanel(PanelWidget):
    """A panel that is drawn at once, but while training only once a second."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(REDRAW_MS)
        self._later.timeout.connect(self._draw_now)

    def draw(self, state: State) -> None:
        """Show the whole state."""
        raise NotImplementedError

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        """See `PanelWidget.show_state`; drawing takes time that training could use."""
        if not state.is_training:
            self.draw(state)
        elif not self._later.isActive():
            self._later.start()

    @Slot()
    def _draw_now(self) -> None:
        self.draw(self.controller.state)


def find_panels() -> list[Panel]:
    """Return every panel declared in ``latentlab.widgets.panels``, in order."""
    package = importlib.import_module("latentlab.widgets.panels")
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    modules = [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    return sorted((module.PANEL for module in modules), key=lambda p: (p.area, p.order))
