"""The Library panel: shipped models, the user's runs, and the training queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QLineEdit, QWidget

from latentlab.session.library.entries import ListLibrary
from latentlab.session.runs import Compare
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.library.columns import EDITED_IN_PLACE
from latentlab.widgets.panels.library.queue_view import QueueView
from latentlab.widgets.panels.library.run_actions import RunActions
from latentlab.widgets.panels.library.run_model import ENTRY
from latentlab.widgets.panels.library.run_table import RunTable

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QResizeEvent

    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

RUNS_WITHOUT_SEARCH = 8
"""Number of runs up to which a list, which has little room, has no search line."""


class LibraryPanel(PanelWidget):
    """Table of runs: click to open, select several to compare, right-click for a menu."""

    watches = frozenset(
        {ListLibrary, "model", "opening", Compare, "queue", "beside", "run", "following"}
    )

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setAccessibleName("Search runs")
        self.search.setToolTip("Finds words in names, values, dates, notes and tags  (Ctrl+F)")
        self.search.setClearButtonEnabled(True)
        self.queue = QueueView(controller)
        self.list = RunTable()
        self.actions_ = RunActions(self.list, controller)
        self._hint = muted(stretch=False)
        self._hint.setWordWrap(True)
        self._source: Path | None = None
        self._compares = False
        self.body.addWidget(self.search)
        self.body.addWidget(self.queue)
        self.body.addWidget(self.list, 1)
        self.body.addWidget(self._hint)
        find = QAction("Search runs", self)
        find.setShortcut(QKeySequence(QKeySequence.StandardKey.Find))
        find.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.triggered.connect(self._find)
        self.addAction(find)
        self.list.clicked.connect(self._on_clicked)
        self.list.activated.connect(self._on_activated)
        self.list.chosen.connect(self._on_chosen)
        self.search.textChanged.connect(self._on_search)

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        entries = state.answer(ListLibrary) or ()
        if changed & {ListLibrary, "run", "opening", "model"}:
            self.list.show_runs(entries, state)
            self._show_search()
        source = state.model.source if state.model else None
        ended = Compare in changed and not state.answer(Compare) and self._compares
        # Not at each step of a run: the user may be on the way to another row by arrow keys.
        news = bool(changed & {ListLibrary, "opening"}) and len(self.list.entries()) < 2
        if source != self._source or ended or news:
            self._source, self._compares = source, False
            self.list.show_open(source)
        if changed & {"queue", "beside"}:
            self.queue.show_queue(state)
        self.actions_.update()

    def _show_search(self) -> None:
        """Show the search line where it is of use, and say why the list ends."""
        entries = self.controller.state.answer(ListLibrary) or ()
        text = self.search.text()
        is_useful = self.list.is_table or len(entries) > RUNS_WITHOUT_SEARCH or bool(text)
        self.search.setVisible(is_useful)
        if text and not self.list.count():
            self._hint.setText("No run contains these words.")
        else:
            self._hint.setText("Runs that you train appear here.")
        nothing = not self.list.count() if text else all(entry.shipped for entry in entries)
        self._hint.setVisible(nothing)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_search()

    @Slot()
    def _find(self) -> None:
        self.search.show()
        self.search.setFocus()
        self.search.selectAll()

    @Slot(str)
    def _on_search(self, text: str) -> None:
        self.list.search(text)
        if not self._compares:
            self.list.show_open(self._source)
        self._show_search()

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        entry = index.data(ENTRY)
        if index.column() not in EDITED_IN_PLACE and self.list.entries() == [entry]:
            self.actions_.open_entry(entry)

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        """Open a run by Enter; a double click on its notes edits them instead."""
        if self.list.state() != RunTable.State.EditingState:
            self.actions_.open_entry(index.data(ENTRY))

    @Slot()
    def _on_chosen(self) -> None:
        """Compare the runs if several are selected, else stop comparing."""
        self.actions_.update()
        listed = {entry.path for entry in self.controller.state.answer(ListLibrary) or ()}
        chosen = (entry.path for entry in self.list.entries())
        paths = tuple(path for path in chosen if path in listed)
        if len(paths) > 1:
            self._compares = True
            self.controller.runs.compare(paths)
        elif self._compares:
            self._compares = False
            self.controller.runs.compare(())


PANEL = Panel(
    key="library",
    title="Library",
    places={
        "explore": Place(Area.LEFT),
        "compare": Place(Area.LEFT),
    },
    help="Models to explore: those that came with latentlab, then your own runs, newest first. "
    "Click one to open it. <b>Select several</b> with Ctrl or Shift to compare their curves. "
    "A wide panel is a table: click a column to sort by it, right-click to choose columns, "
    "double-click tags or notes to edit them. <i>Differs in</i> are the values that most runs of "
    "the same model and data set do not share. −ELBO = reconstruction + KL. The context menu "
    "of a run resumes it, trains it for more epochs, loads its recipe into the form, renames it "
    "(F2) or moves it to the trash (Del). To open a run folder or a checkpoint from elsewhere, "
    "drop it on the window.",
    widget=LibraryPanel,
)
