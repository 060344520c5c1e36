"""Actions on runs: context menu and shortcuts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, QUrl, Slot
from PySide6.QtGui import QAction, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QMenu

from latentlab.session.library.entries import ListLibrary
from latentlab.session.runs import Compare
from latentlab.widgets.kit.context_menu import open_context_menu
from latentlab.widgets.kit.dialogs import ask_epochs, confirm
from latentlab.widgets.kit.relink_dialog import ask_images_of_run
from latentlab.widgets.panels.library.notes_dialog import ask_notes
from latentlab.widgets.panels.library.progress import is_beside, is_training
from latentlab.widgets.panels.library.run_model import ENTRY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from latentlab.session.library.entries import LibraryEntry
    from latentlab.session.library.notes import Notes
    from latentlab.session.state import State
    from latentlab.widgets.panels.library.run_table import RunTable
    from latentlab.workers.controller import Controller


class RunActions(QObject):
    """Actions on the selected runs, or on the run whose context menu is open.

    Parameters
    ----------
    runs : RunTable
        Gets the context menu and the shortcuts.
    controller : Controller
        Receives the actions.
    """

    def __init__(self, runs: RunTable, controller: Controller) -> None:
        super().__init__(runs)
        self._runs = runs
        self._controller = controller
        self._pointed: LibraryEntry | None = None
        self.open = self._make("Open", self._open)
        self.resume = self._make("Resume", self._resume)
        self.more = self._make("Train more epochs…", self._train_more)
        self.duplicate = self._make("Duplicate with changes", self._duplicate)
        self.compare = self._make("Compare with the open run", self._compare)
        self.alone = self._make("Stop comparing", self._stop_comparing)
        self.rename = self._make("Rename", self._rename, "F2")
        self.annotate = self._make("Notes and tags…", self._annotate)
        self.images = self._make("Find its images…", self._find_images)
        self.folder = self._make("Show folder", self._show_folder)
        self.delete = self._make("Move to trash", self._delete, "Del")
        runs.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        runs.customContextMenuRequested.connect(self._show_menu)
        runs.runs.renamed.connect(self._on_renamed)
        runs.runs.annotated.connect(self._on_annotated)

    def _make(self, text: str, slot: Callable[[], None], key: str = "") -> QAction:
        action = QAction(text, self)
        action.triggered.connect(slot)
        if key:
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            self._runs.addAction(action)
        return action

    def entries(self) -> list[LibraryEntry]:
        """Return the runs that the actions apply to."""
        return [self._pointed] if self._pointed else self._runs.entries()

    def update(self) -> None:
        """Enable the actions that apply to the current runs."""
        state, chosen = self._controller.state, self.entries()
        single = chosen[0] if len(chosen) == 1 else None
        listed = {entry.path for entry in state.answer(ListLibrary) or ()}
        kept = single if single and single.path in listed else None
        is_deletable = bool(chosen) and not any(
            entry.shipped or is_training(entry, state) or is_beside(entry, state)
            for entry in chosen
        )
        is_intact = kept is not None and not kept.damage
        self._update_training(kept)
        self.open.setEnabled(single is not None and not is_open(single, state))
        self.duplicate.setEnabled(is_intact)
        is_other = kept is not None and state.model is not None and not is_open(kept, state)
        self.compare.setEnabled(is_intact and is_other)
        self.alone.setVisible(bool(state.answer(Compare) or ()))
        self.rename.setEnabled(kept is not None and not kept.shipped)
        self.annotate.setEnabled(kept is not None)
        self.images.setEnabled(is_intact and kept is not None and not kept.shipped)
        self.folder.setEnabled(kept is not None)
        self.delete.setEnabled(is_deletable)
        self.delete.setText("Move to trash" if len(chosen) < 2 else f"Move {len(chosen)} to trash")

    def _update_training(self, single: LibraryEntry | None) -> None:
        state = self._controller.state
        idle = state.training.run is None and not (single and is_beside(single, state))
        can_resume = bool(single and single.resumable and idle)
        self.resume.setEnabled(bool(can_resume and single and single.epoch < single.epochs))
        self.more.setEnabled(can_resume)

    def menu(self) -> QMenu:
        """Return the context menu, which deletes itself when it closes."""
        self.update()
        menu = QMenu(self._runs)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        groups = (
            (self.open, self.resume, self.more, self.duplicate),
            (self.compare, self.alone),
            (self.rename, self.annotate),
            (self.images, self.folder, self.delete),
        )
        for group in groups:
            menu.addActions(group)
            menu.addSeparator()
        return menu

    @Slot(QPoint)
    def _show_menu(self, pos: QPoint) -> None:
        """Show the menu of the row under the cursor, or of all selected rows if it is one."""
        index = self._runs.indexAt(pos)
        if not index.isValid():
            open_context_menu(self._runs, pos)
            return
        entry = index.data(ENTRY)
        self._pointed = None if entry in self._runs.entries() else entry
        self._runs.mark(index)
        menu = self.menu()
        # A menu emits `aboutToHide` before it triggers the action.
        menu.destroyed.connect(self._on_menu_closed)
        menu.popup(self._runs.viewport().mapToGlobal(pos))

    @Slot()
    def _on_menu_closed(self) -> None:
        self._pointed = None
        self._runs.mark(None)
        self.update()

    def _single(self) -> LibraryEntry | None:
        chosen = self.entries()
        return chosen[0] if len(chosen) == 1 else None

    def open_entry(self, entry: LibraryEntry) -> None:
        """Open a run; show the one that is being trained as it learns."""
        state = self._controller.state
        if not is_training(entry, state):
            if not is_open(entry, state):
                self._controller.runs.open(entry.path)
        elif not state.training.following:
            self._controller.training.watch()

    @Slot()
    def _open(self) -> None:
        if entry := self._single():
            self.open_entry(entry)

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
        """Select the open run and this one."""
        model, entry = self._controller.state.model, self._single()
        if model and entry:
            for path in (model.source, entry.path):
                self._runs.add(self._runs.row_of(path))

    @Slot()
    def _stop_comparing(self) -> None:
        self._controller.runs.compare(())

    @Slot()
    def _rename(self) -> None:
        entry = self._single()
        if entry and self.rename.isEnabled():
            self._runs.edit_name(entry.path)

    @Slot()
    def _annotate(self) -> None:
        entry = self._single()
        notes = ask_notes(entry, self._runs) if entry else None
        if entry and notes is not None and notes != entry.notes:
            self._controller.runs.annotate(entry.path, notes)

    @Slot(object, object)
    def _on_annotated(self, path: Path, notes: Notes) -> None:
        self._controller.runs.annotate(path, notes)

    @Slot(object, str)
    def _on_renamed(self, path: Path, name: str) -> None:
        self._controller.runs.rename(path, name)

    @Slot()
    def _find_images(self) -> None:
        if entry := self._single():
            ask_images_of_run(self._runs, self._controller, entry.path, entry.name)

    @Slot()
    def _show_folder(self) -> None:
        if entry := self._single():
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(entry.path)))

    @Slot()
    def _delete(self) -> None:
        self.update()
        chosen = self.entries()
        if not self.delete.isEnabled():
            return
        title = f"“{chosen[0].name}”" if len(chosen) == 1 else f"these {len(chosen)} runs"
        more = "It can be taken back from there." if len(chosen) == 1 else "They can be taken back."
        if confirm(self._runs, f"Move {title} to the trash?", more, "Move to trash"):
            for entry in chosen:
                self._controller.runs.delete(entry.path)


def is_open(entry: LibraryEntry, state: State) -> bool:
    """Return whether a run is the open model."""
    return state.model is not None and state.model.source == entry.path
