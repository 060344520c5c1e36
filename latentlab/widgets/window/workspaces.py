"""Workspaces of the window: switching, saved arrangements, and workspaces of the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from latentlab.widgets.kit.settings import settings
from latentlab.widgets.window.layout import (
    WORKSPACES,
    Workspace,
    apply_layout,
    default_places,
    step_places,
)

if TYPE_CHECKING:
    from latentlab.widgets.window.dock import Dock
    from latentlab.widgets.window.main_window import MainWindow

LAYOUT_VERSION = 3
"""Raised when panels are added: a saved layout that lacks some would leave them anywhere."""
LEARN = "learn"
OWN = "workspaces"
TIP = "Your own workspace"


@dataclass(frozen=True, slots=True)
class OwnWorkspace:
    """A workspace that the user saved: its name, which is also its key."""

    key: str

    @property
    def title(self) -> str:
        """Name on screen."""
        return self.key

    @property
    def tip(self) -> str:
        """One sentence for the tooltip."""
        return TIP


class Workspaces(QObject):
    """Arranges the docks of a window for one workspace at a time.

    Each arrangement is saved in the settings when another workspace is shown or the window closes.

    Parameters
    ----------
    window : MainWindow
        Its docks are arranged.
    """

    listed = Signal()
    """The list of workspaces changed."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.current = ""
        self._unfilled = b""
        self.step: tuple[str, ...] = ()
        """Panels of the present step of a lesson."""

    def all(self) -> list[Workspace | OwnWorkspace]:
        """Return the workspaces in the order of their shortcuts."""
        return [*WORKSPACES, *(OwnWorkspace(name) for name in self.own())]

    def own(self) -> list[str]:
        """Return the names of the workspaces that the user saved."""
        return settings().value(OWN, [])

    def known(self, key: str) -> str:
        """Return the key, or that of the first workspace if there is no such workspace."""
        keys = [workspace.key for workspace in self.all()]
        return key if key in keys else keys[0]

    def show(self, key: str) -> None:
        """Arrange the docks as they were when this workspace was last shown."""
        if key == self.current:
            return
        if self.current:
            self.save()
        self.current, self._unfilled = key, b""
        self._lay_out(_saved(key))

    def show_step(self, panels: tuple[str, ...]) -> None:
        """Show the panels of a step of a lesson in Learn; none for those of the workspace."""
        if self.current == LEARN:
            self.save()
        self.step = panels
        if self.current == LEARN:
            self._unfilled = b""
            self._lay_out(_saved(LEARN))

    def save(self) -> None:
        """Save the present arrangement; that of a step of a lesson is not the user's."""
        if not self._shows_step:
            settings().setValue(_saved(self.current), self._unfilled or self._layout())

    def reset(self) -> None:
        """Restore the default arrangement, of an own workspace the one that it was saved with."""
        self._unfilled = b""
        self._lay_out(_default(self.current))

    def add(self, name: str) -> None:
        """Save the present arrangement as a workspace of its own and show that."""
        names = [own for own in self.own() if own != name]
        self.save()
        settings().setValue(OWN, [*names, name])
        settings().setValue(_default(name), self._layout())
        self.current, self._unfilled = name, b""
        self.listed.emit()

    def remove(self, name: str) -> None:
        """Delete a workspace of the user's own."""
        settings().setValue(OWN, [own for own in self.own() if own != name])
        for key in (_saved(name), _default(name)):
            settings().remove(key)
        self.listed.emit()

    @Slot(object)
    def fill(self, dock: Dock) -> None:
        """Show one panel alone, or all panels again."""
        if self._unfilled:
            layout, self._unfilled = self._unfilled, b""
            self._window.restoreState(layout, LAYOUT_VERSION)
            return
        self._unfilled = self._layout()
        for other in self._window.docks.values():
            if other is not dock:
                other.hide()

    @property
    def is_own(self) -> bool:
        """Whether the present workspace is one of the user's own."""
        return self.current in self.own()

    def contents(self) -> list[str]:
        """Return the keys of the panels in the present workspace, in reading order."""
        docks = [dock for dock in self._window.docks.values() if dock.isVisible()]
        docks.sort(key=lambda dock: (dock.x() // 80, dock.y()))
        return [dock.panel.key for dock in docks]

    def _layout(self) -> bytes:
        return bytes(self._window.saveState(LAYOUT_VERSION).data())

    def _lay_out(self, key: str) -> None:
        """Restore a saved arrangement, unless a step of a lesson is shown or nothing was saved."""
        if self._shows_step or not self._restore(key):
            self._arrange()

    def _restore(self, key: str) -> bool:
        layout = settings().value(key, b"")
        return bool(layout) and self._window.restoreState(layout, LAYOUT_VERSION)

    def _arrange(self) -> None:
        chosen = next((one for one in WORKSPACES if one.key == self.current), WORKSPACES[0])
        docks = list(self._window.docks.values())
        places = default_places((dock.panel for dock in docks), chosen)
        if self._shows_step:
            places = step_places(key for key in self.step if key in self._window.docks)
        apply_layout(self._window, docks, chosen, places)

    @property
    def _shows_step(self) -> bool:
        """Whether a step of a lesson says which panels are shown."""
        return self.current == LEARN and bool(self.step)


def _saved(key: str) -> str:
    return f"workspaces/{key}/layout"


def _default(key: str) -> str:
    return f"workspaces/{key}/default"
