"""The Library panel: shipped models, the user's runs, and the training queue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, override

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QListWidgetItem, QWidget

from latentlab.session.runs import Compare, ListLibrary
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.queue_view import QueueView
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.library.run_actions import RunActions
from latentlab.widgets.panels.library.run_list import RunList
from latentlab.widgets.panels.library.run_row import PATH

if TYPE_CHECKING:
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller


class LibraryPanel(PanelWidget):
    """List of runs: click to open, select several to compare, right-click for a menu."""

    watches = frozenset({ListLibrary, "model", "opening", Compare, "queue", "run", "following"})

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.queue = QueueView(controller)
        self.list = RunList()
        self.actions_ = RunActions(self.list, controller)
        self._hint = muted("Runs that you train appear here.", stretch=False)
        self._hint.setWordWrap(True)
        self._source: Path | None = None
        self._compares = False
        self.body.addWidget(self.queue)
        self.body.addWidget(self.list, 1)
        self.body.addWidget(self._hint)
        self.list.itemClicked.connect(self._open)
        self.list.itemActivated.connect(self._open)
        self.list.itemSelectionChanged.connect(self._on_selected)

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        if ListLibrary in changed:
            self.list.show_entries(state.answer(ListLibrary) or ())
            self._hint.setVisible(all(entry.shipped for entry in (state.answer(ListLibrary) or ())))
        source = state.model.source if state.model else None
        alone = Compare in changed and not (state.answer(Compare) or ()) and self._compares
        if source != self._source or alone or len(self.list.entries()) < 2:
            self._source, self._compares = source, False
            self.list.show_open(source)
        self.list.show_tags(state)
        if changed & {"queue", "run"}:
            self.queue.show_queue(state)
        self.actions_.update()

    @Slot(QListWidgetItem)
    def _open(self, item: QListWidgetItem) -> None:
        model = self.controller.state.model
        path = item.data(PATH)
        alone = self.list.selectedItems() == [item]
        if alone and not (model and str(model.source) == path):
            self.controller.runs.open(Path(path))

    @Slot()
    def _on_selected(self) -> None:
        """Compare the runs if several are selected, else stop comparing."""
        self.actions_.update()
        paths = tuple(entry.path for entry in self.list.entries())
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
    "Click one to open it. <b>Select several</b> with Ctrl or Shift to compare their curves. The "
    "right button resumes a run, trains it for more epochs, takes its recipe as a draft, renames "
    "it (F2) or moves it to the trash (Del). Above the list stands what is trained now and what "
    "waits in the queue. A run folder or a checkpoint from elsewhere opens by dropping it on the "
    "window.",
    widget=LibraryPanel,
)
