"""Actions on runs: context menu and shortcuts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, QUrl, Slot
from PySide6.QtGui import QAction, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QMenu

from latentlab.session.runs import Compare
from latentlab.widgets.kit.dialogs import ask_epochs, confirm
from latentlab.widgets.panels.library.run_list import is_training

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from latentlab.session.runs import LibraryEntry
    from latentlab.widgets.panels.library.run_list import RunList
    from latentlab.workers.controller import Controller


class RunActions(QObject):
    """Actions on the selected runs of a list.

    Parameters
    ----------
    runs : RunList
        Gets the context menu and the shortcuts.
    controller : Controller
        Receives the actions.
    """

    def __init__(self, runs: RunList, controller: Controller) -> None:
        super().__init__(runs)
        self._runs = runs
        self._controller = controller
        self.open = self._make("Open", self._open)
        self.resume = self._make("Resume", self._resume)
        self.more = self._make("Train more epochs…", self._train_more)
        self.duplicate = self._make("Duplicate with changes", self._duplicate)
        self.compare = self._make("Compare with the open run", self._compare)
        self.alone = self._make("Stop comparing", self._stop_comparing)
        self.rename = self._make("Rename", self._rename, "F2")
        self.folder = self._make("Show folder", self._show_folder)
        self.delete = self._make("Move to trash", self._delete, "Del")
        runs.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        runs.customContextMenuRequested.connect(self._show_menu)
        runs.renamed.connect(self._on_renamed)

    def _make(self, text: str, slot: Callable[[], None], key: str = "") -> QAction:
        action = QAction(text, self)
        action.triggered.connect(slot)
        if key:
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            self._runs.addAction(action)
        return action

    def update(self) -> None:
        """Enable the actions that apply to the current selection."""
        state, chosen = self._controller.state, self._runs.entries()
        single = chosen[0] if len(chosen) == 1 else None
        runs = [entry for entry in chosen if not entry.shipped and not is_training(entry, state)]
        idle = state.training.run is None
        is_open = bool(single and state.model and state.model.source == single.path)
        unfinished = bool(single and single.epoch < single.epochs)
        can_resume = bool(single and single.resumable and idle)
        self.open.setEnabled(single is not None and not is_open)
        self.resume.setEnabled(can_resume and unfinished)
        self.more.setEnabled(can_resume)
        is_intact = single is not None and not single.damage
        self.duplicate.setEnabled(is_intact)
        self.compare.setEnabled(is_intact and not is_open and state.model is not None)
        self.alone.setVisible(bool(state.answer(Compare) or ()))
        self.rename.setEnabled(single is not None and not single.shipped)
        self.folder.setEnabled(single is not None)
        self.delete.setEnabled(bool(runs) and len(runs) == len(chosen))
        self.delete.setText("Move to trash" if len(chosen) < 2 else f"Move {len(chosen)} to trash")

    def menu(self) -> QMenu:
        """Return the context menu, which deletes itself when it closes."""
        self.update()
        menu = QMenu(self._runs)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        groups = (
            (self.open, self.resume, self.more, self.duplicate),
            (self.compare, self.alone),
            (self.rename, self.folder, self.delete),
        )
        for group in groups:
            menu.addActions(group)
            menu.addSeparator()
        return menu

    @Slot(QPoint)
    def _show_menu(self, pos: QPoint) -> None:
        if self._runs.itemAt(pos):
            self.menu().popup(self._runs.viewport().mapToGlobal(pos))

    def _single(self) -> LibraryEntry | None:
        chosen = self._runs.entries()
        return chosen[0] if len(chosen) == 1 else None

    @Slot()
    def _open(self) -> None:
        if entry := self._single():
            self._controller.runs.open(entry.path)

    @Slot()
    def _resume(self) -> None:
        if entry := self._single():
            self._controller.training.resume(entry.path)

    @Slot()
    def _train_more(self) -> None:
        entry = self._single()
        epochs = ask_epochs(self._runs, entry.name) if entry else None
        if entry and epochs:
            self._controller.training.resume(entry.path, entry.epoch + epochs)

    @Slot()
    def _duplicate(self) -> None:
        if entry := self._single():
            self._controller.runs.duplicate(entry.path)

    @Slot()
    def _compare(self) -> None:
        model = self._controller.state.model
        row = self._runs.row_of(model.source if model else None)
        if row >= 0:
            self._runs.item(row).setSelected(True)
            self._controller.workspaces.go("compare")

    @Slot()
    def _stop_comparing(self) -> None:
        self._controller.runs.compare(())

    @Slot()
    def _rename(self) -> None:
        entry = self._single()
        if entry and not entry.shipped:
            self._runs.editItem(self._runs.item(self._runs.row_of(entry.path)))

    @Slot(object, str)
    def _on_renamed(self, path: Path, name: str) -> None:
        self._controller.runs.rename(path, name)

    @Slot()
    def _show_folder(self) -> None:
        if entry := self._single():
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(entry.path)))

    @Slot()
    def _delete(self) -> None:
        self.update()
        chosen = self._runs.entries()
        if not self.delete.isEnabled():
            return
        title = f"“{chosen[0].name}”" if len(chosen) == 1 else f"these {len(chosen)} runs"
        more = "It can be taken back from there." if len(chosen) == 1 else "They can be taken back."
        if confirm(self._runs, f"Move {title} to the trash?", more, "Move to trash"):
            for entry in chosen:
                self._controller.runs.delete(entry.path)
