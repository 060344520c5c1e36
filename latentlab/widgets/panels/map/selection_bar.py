"""Bar on the map with the number of selected images and a menu."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QInputDialog, QLabel, QMenu, QWidget

from latentlab.session.directions import GROUP_NAMES
from latentlab.session.export import TABLES
from latentlab.session.selection import SetOperation
from latentlab.widgets.kit.dialogs import ask_save_path
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import literal
from latentlab.widgets.kit.theme import UNIT, small

if TYPE_CHECKING:
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller


class SelectionBar(QFrame):
    """Bar on the map; hidden without a selection."""

    def __init__(self, controller: Controller, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self._container = parent
        self.setObjectName("mapBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.text = QLabel()
        self.text.setFont(small(self.text.font()))
        more = IconButton("more", "Actions on the selected images")
        clear = IconButton("close", "Clear the selection (Esc on the map)")
        row = QHBoxLayout(self)
        row.setContentsMargins(UNIT, 0, 0, 0)
        row.setSpacing(UNIT // 2)
        for widget in (self.text, more, clear):
            row.addWidget(widget)
        more.clicked.connect(self._open)
        clear.clicked.connect(controller.selection.clear)
        self._more = more
        self.hide()

    def show_selection(self, state: State) -> None:
        """Show the number of selected images."""
        self.setVisible(state.selection is not None)
        if state.selection and state.codes is not None:
            count, name = len(state.selection), state.selection.name
            fraction = f"{count / max(1, len(state.codes)):.0%}"
            self.text.setText(f"{name or 'selected'} · {count:,} ({fraction})")
            self.adjustSize()
            self.stand()

    def stand(self) -> None:
        """Move to the lower left corner of the map."""
        height = self._container.height()
        self.move(5 * UNIT, height - self.height() - 4 * UNIT)

    @Slot()
    def _open(self) -> None:
        menu = QMenu(self)
        self.fill_menu(menu)
        menu.exec(self._more.mapToGlobal(self._more.rect().topLeft()))
        menu.deleteLater()

    def fill_menu(self, menu: QMenu) -> None:
        """Add the actions on the selection to a menu."""
        add_mean_actions(menu, self._controller)
        for side, name in GROUP_NAMES.items():
            text = f"Add to the group “{name}” of a direction"
            menu.addAction(text, partial(self._controller.selection.gather, side))
        menu.addSeparator()
        menu.addAction("Invert", self._controller.selection.invert)
        add_saved_selections(menu, self._controller)
        menu.addAction("Save as named selection…", self._keep)
        menu.addAction("Save as table…", self._save)

    @Slot()
    def _keep(self) -> None:
        name, accepted = QInputDialog.getText(self, "Save the selection", "Name:")
        if accepted:
            self._controller.selection.keep(name)

    @Slot()
    def _save(self) -> None:
        if path := ask_save_path(self, "selection", TABLES):
            self._controller.selection.save(path)


def add_mean_actions(menu: QMenu, controller: Controller) -> None:
    """Add the actions that set z or an end of the path to the mean of the selection."""
    for role, name in (("z", "z"), ("a", "path start (A)"), ("b", "path end (B)")):
        menu.addAction(
            f"Set {name} to the mean of the selection",
            partial(controller.selection.go_to_mean, role),
        )


def add_saved_selections(menu: QMenu, controller: Controller) -> None:
    """Add the saved selections, alone or combined with the current one."""
    for kept in controller.state.kept:
        inner = menu.addMenu(literal(f"{kept.name} · {len(kept):,}"))
        for how in SetOperation if controller.state.selection else (SetOperation.NEW,):
            text = "select" if how is SetOperation.NEW else how.value
            inner.addAction(text.capitalize(), partial(controller.selection.select, kept.rows, how))
        inner.addSeparator()
        inner.addAction("Delete", partial(controller.selection.forget, kept.name))
