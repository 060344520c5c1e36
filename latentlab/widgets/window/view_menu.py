"""The menu View: workspaces, panels and appearance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QInputDialog

from latentlab.widgets.kit import theme
from latentlab.widgets.kit.settings import settings

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMenu

    from latentlab.widgets.window.main_window import MainWindow

SCHEMES = {
    "System": Qt.ColorScheme.Unknown,
    "Light": Qt.ColorScheme.Light,
    "Dark": Qt.ColorScheme.Dark,
}
APPEARANCE = "appearance"
MAX_SHORTCUTS = 9


class ViewMenu(QObject):
    """Fills the menu View.

    Parameters
    ----------
    window : MainWindow
        Has the workspaces and the docks.
    menu : QMenu
        The menu to fill.
    """

    def __init__(self, window: MainWindow, menu: QMenu) -> None:
        super().__init__(window)
        self._window, self._menu = window, menu
        self.actions: list[QAction] = [window.workspace_bar.back]
        self._workspaces = menu.addMenu("Workspace")
        self._workspaces.aboutToShow.connect(self._fill_workspaces)
        self._panels = menu.addMenu("Panel")
        for dock in window.docks.values():
            self._panels.addAction(dock.toggleViewAction())
            self.actions.append(dock.toggleViewAction())
        menu.addAction(window.workspace_bar.back)
        menu.addSeparator()
        self._add("Reset workspace", window.reset_workspace)
        self._add("Save workspace as…", self._save)
        self._delete = self._add("Delete workspace", self._remove)
        menu.addSeparator()
        self._add("Panel alone", window.show_panel_alone, "Shift+F11")
        self._full = self._add("Full screen", self._toggle_full_screen, "F11")
        self._full.setCheckable(True)
        self._appearance()
        self._add_panel_shortcuts()
        menu.aboutToShow.connect(self._update)

    def _add(self, text: str, slot: object, shortcut: str = "") -> QAction:
        action = self._menu.addAction(text)
        action.setShortcut(QKeySequence(shortcut))
        action.triggered.connect(slot)
        self.actions.append(action)
        return action

    def menu_actions(self) -> list[QAction]:
        """Return the entries of the menu as they are now."""
        self._update()
        return self._menu.actions()

    def _appearance(self) -> None:
        appearance = self._menu.addMenu("Appearance")
        group = QActionGroup(self)
        chosen = settings().value(APPEARANCE, "System")
        for name in SCHEMES:
            action = group.addAction(name)
            action.setCheckable(True)
            action.setChecked(name == chosen)
            appearance.addAction(action)
        group.triggered.connect(self._set_appearance)
        theme.choose(SCHEMES.get(chosen, Qt.ColorScheme.Unknown))

    def _add_panel_shortcuts(self) -> None:
        for number in range(MAX_SHORTCUTS):
            action = QAction(f"Panel {number + 1} of the workspace", self._window)
            action.setShortcut(f"Alt+{number + 1}")
            action.setData(number)
            action.triggered.connect(self._focus)
            self._window.addAction(action)
            self.actions.append(action)

    @Slot()
    def _focus(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._window.focus_panel(action.data())

    @Slot()
    def _update(self) -> None:
        self._delete.setEnabled(self._window.workspaces.is_own)
        self._full.setChecked(self._window.isFullScreen())

    @Slot()
    def _fill_workspaces(self) -> None:
        self._workspaces.clear()
        self._workspaces.addActions(list(self._window.workspace_bar.actions_by_key.values()))

    @Slot(QAction)
    def _set_appearance(self, action: QAction) -> None:
        settings().setValue(APPEARANCE, action.text())
        theme.choose(SCHEMES[action.text()])

    @Slot()
    def _save(self) -> None:
        name, accepted = QInputDialog.getText(
            self._window, "Save workspace", "Name of the new workspace:"
        )
        workspaces = self._window.workspaces
        taken = {word for one in workspaces.all() for word in (one.key, one.title)}
        if not accepted or not name.strip():
            return
        if name.strip() in taken and name.strip() not in workspaces.own():
            self._window.controller.store.refuse(
                f"A workspace named {name.strip()} exists already.", "Choose another name."
            )
            return
        workspaces.add(name.strip())
        self._window.controller.workspaces.go(name.strip())

    @Slot()
    def _remove(self) -> None:
        name = self._window.workspaces.current
        self._window.controller.workspaces.forget(name)
        self._window.workspaces.remove(name)

    @Slot()
    def _toggle_full_screen(self) -> None:
        window = self._window
        window.showNormal() if window.isFullScreen() else window.showFullScreen()
