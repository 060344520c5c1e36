"""Table of runs; in little room a list."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, override

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QAction, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTreeView, QWidget

from latentlab.widgets.kit.settings import settings
from latentlab.widgets.panels.library.columns import (
    COLUMNS,
    DIFFERENCES,
    EDITED_IN_PLACE,
    LOSS,
    NAME,
    RARE,
)
from latentlab.widgets.panels.library.run_delegate import RunDelegate
from latentlab.widgets.panels.library.run_model import ENTRY, THUMBNAIL, RunFilter, RunModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from PySide6.QtCore import QItemSelection
    from PySide6.QtGui import QResizeEvent

    from latentlab.session.runs import LibraryEntry
    from latentlab.session.state import State

Select = QItemSelectionModel.SelectionFlag
TABLE_WIDTH = 396
"""Width in pixels from which the columns are shown."""
MIN_NAME_WIDTH = 208
HIDDEN = "library/hidden columns"


class RunTable(QTreeView):
    """Runs with their columns, or only with their names where there is little room.

    It is a tree without branches rather than a `QTableView`, which would highlight the cell under
    the cursor instead of the row.
    """

    chosen = Signal()
    """The user selected other runs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runs = RunModel(self)
        self._filter = RunFilter(self.runs)
        self._is_quiet = False
        self._empty = RARE
        self.setModel(self._filter)
        self.delegate = RunDelegate(self)
        self.setItemDelegate(self.delegate)
        self.setObjectName("runs")
        self.setAccessibleName("Models and runs")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        self.setMouseTracking(True)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.doubleClicked.connect(self._on_double_clicked)
        self._make_header()

    def _make_header(self) -> None:
        header = self.header()
        header.setHighlightSections(False)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setAccessibleName("Columns")
        self.setSortingEnabled(True)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        hidden: list[str] = settings().value(HIDDEN, [])
        for column in COLUMNS[NAME + 1 :]:
            action = QAction(column.title, self)
            action.setCheckable(True)
            action.setChecked(column.title not in hidden)
            action.toggled.connect(self._on_columns)
            header.addAction(action)
        self._show_columns(is_table=False)
        for i, column in enumerate(COLUMNS):
            header.resizeSection(i, column.width)

    @property
    def is_table(self) -> bool:
        """Whether there is room for the columns."""
        return not self.isHeaderHidden()

    def _show_columns(self, *, is_table: bool) -> None:
        header = self.header()
        self.setHeaderHidden(not is_table)
        for i, action in enumerate(header.actions(), NAME + 1):
            self.setColumnHidden(i, not (is_table and action.isChecked()) or i in self._empty)
        stretch, free = QHeaderView.ResizeMode.Stretch, QHeaderView.ResizeMode.Interactive
        header.setStretchLastSection(is_table)
        header.setSectionResizeMode(NAME, free if is_table else stretch)

    @Slot()
    def _on_columns(self) -> None:
        """Show the columns that were chosen, and remember them."""
        self._show_columns(is_table=self.is_table)
        hidden = [action.text() for action in self.header().actions() if not action.isChecked()]
        settings().setValue(HIDDEN, hidden)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        # Not the width of the viewport, which depends on the scroll bar.
        is_table = self.width() >= TABLE_WIDTH
        if is_table != self.is_table:
            self._show_columns(is_table=is_table)
        if is_table:
            room = self.width() - COLUMNS[DIFFERENCES].width - COLUMNS[LOSS].width
            self.header().resizeSection(NAME, max(MIN_NAME_WIDTH, min(COLUMNS[NAME].width, room)))
        super().resizeEvent(event)

    # Rows

    def show_runs(self, entries: tuple[LibraryEntry, ...], state: State) -> None:
        """Show the library and the current run, and keep the selection."""
        with self._quietly():
            self.runs.show_runs(entries, state)
        has_value = {i for i in RARE if any(COLUMNS[i].key(entry) is not None for entry in entries)}
        if self._empty != RARE - has_value:
            self._empty = RARE - has_value
            self._show_columns(is_table=self.is_table)

    def search(self, text: str) -> None:
        """Show only the runs that contain all words of a text."""
        paths = {entry.path for entry in self.entries()}
        with self._quietly():
            self._filter.set_words(text)
            self._select(self.row_of(path) for path in paths)

    def count(self) -> int:
        """Return the number of rows."""
        return self._filter.rowCount()

    def entry(self, row: int) -> LibraryEntry:
        """Return the run in a row."""
        entry: LibraryEntry = self._filter.index(row, NAME).data(ENTRY)
        return entry

    def row_of(self, path: Path | None) -> int:
        """Return the row of a run, or -1."""
        return self._filter.mapFromSource(self.runs.index_of(path)).row()

    # Selection

    def entries(self) -> list[LibraryEntry]:
        """Return the selected runs, from top to bottom."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self.entry(row) for row in rows]

    def show_open(self, source: Path | None) -> None:
        """Select only the open run; None clears the selection."""
        if [entry.path for entry in self.entries()] == [source]:
            # A change of the current row would close an editor.
            return
        index = self._filter.index(self.row_of(source), NAME)
        with self._quietly():
            self.selectionModel().setCurrentIndex(index, Select.ClearAndSelect | Select.Rows)

    def add(self, row: int) -> None:
        """Select a further row."""
        self.selectionModel().select(self._filter.index(row, NAME), Select.Select | Select.Rows)

    def _select(self, rows: Iterable[int]) -> None:
        for row in rows:
            if row >= 0:
                self.add(row)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Change the selection without `chosen`."""
        self._is_quiet = True
        try:
            yield
        finally:
            self._is_quiet = False

    @override
    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        if not self._is_quiet:
            self.chosen.emit()

    @override
    def selectionCommand(
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        """Return how an event changes the selection; a click on tags or notes does not."""
        if isinstance(event, QMouseEvent) and index.column() in EDITED_IN_PLACE:
            return Select.NoUpdate
        return super().selectionCommand(index, event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        # The context menu is about the row under the cursor; the open model stays selected.
        if event.button() != Qt.MouseButton.RightButton:
            super().mousePressEvent(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.RightButton:
            super().mouseReleaseEvent(event)

    def mark(self, index: QModelIndex | None) -> None:
        """Frame the row whose context menu is open."""
        self.delegate.marked = QPersistentModelIndex(index or QModelIndex())
        self.viewport().update()

    # Editing

    def edit_name(self, path: Path) -> None:
        """Edit the name of a run in place."""
        row = self.row_of(path)
        if row >= 0:
            self.edit(self._filter.index(row, NAME))

    @Slot(QModelIndex)
    def _on_double_clicked(self, index: QModelIndex) -> None:
        if index.column() in EDITED_IN_PLACE:
            self.edit(index)
