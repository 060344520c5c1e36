"""The row at the top of the window: workspaces, the way back, undo and redo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QSizePolicy, QToolBar, QToolButton, QWidget

from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from latentlab.session.state import State
    from latentlab.widgets.window.workspaces import Workspaces
    from latentlab.workers.controller import Controller


class WorkspaceBar(QToolBar):
    """One button per workspace; `Ctrl+1`, `Ctrl+2`, ... press them.

    Parameters
    ----------
    controller : Controller
        Goes to workspaces and back.
    workspaces : Workspaces
        The workspaces to choose from.
    """

    def __init__(self, controller: Controller, workspaces: Workspaces) -> None:
        super().__init__("Workspaces")
        self.setObjectName("workspaces")
        self.setMovable(False)
        self.toggleViewAction().setVisible(False)
        self._controller, self._workspaces = controller, workspaces
        self._group = QActionGroup(self)
        self.back = QAction("Back to the last workspace", self)
        self.back.setShortcut("Alt+Left")
        self.back.triggered.connect(controller.workspaces.back)
        button = IconButton("back", "Back to the last workspace (Alt+Left)")
        button.clicked.connect(self.back.trigger)
        self.back.enabledChanged.connect(button.setEnabled)
        self.addWidget(button)
        self._space = QWidget()
        self._space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._end = self.addWidget(self._space)
        self._group.triggered.connect(self._on_chosen)
        workspaces.listed.connect(self.fill)
        self.fill()

    @property
    def actions_by_key(self) -> dict[str, QAction]:
        """The actions of the workspaces, by key."""
        return {action.data(): action for action in self._group.actions()}

    @Slot()
    def fill(self) -> None:
        """List the workspaces anew."""
        for action in self._group.actions():
            self._group.removeAction(action)
            self.removeAction(action)
            action.deleteLater()
        for number, workspace in enumerate(self._workspaces.all(), 1):
            action = QAction(workspace.title, self._group)
            action.setData(workspace.key)
            action.setCheckable(True)
            action.setChecked(workspace.key == self._controller.state.workspace)
            if number < 10:
                action.setShortcut(QKeySequence(f"Ctrl+{number}"))
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(f"{workspace.tip} ({keys})" if keys else workspace.tip)
            self.insertAction(self._end, action)
            button = self.widgetForAction(action)
            if isinstance(button, QToolButton):
                button.setObjectName("workspace")
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_state(self, state: State) -> None:
        """Mark the present workspace."""
        action = self.actions_by_key.get(state.workspace)
        if action:
            action.setChecked(True)
        self.back.setEnabled(len(state.workspaces) > 1)

    def add_right(self, *widgets: QWidget) -> None:
        """Add widgets at the right end."""
        for widget in widgets:
            self.addWidget(widget)
        self.setContentsMargins(0, 0, UNIT // 2, 0)

    @Slot(QAction)
    def _on_chosen(self, action: QAction) -> None:
        self._controller.workspaces.go(action.data())
