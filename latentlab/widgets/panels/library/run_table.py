"""Table of runs; in little room a list."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, override

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
    QTimer,
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
    ELBO,
    NAME,
    RARE,
)
from latentlab.widgets.panels.library.run_delegate import RunDelegate
from latentlab.widgets.panels.library.run_model import ENTRY, THUMBNAIL, RunModel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PySide6.QtCore import QItemSelection
    from PySide6.QtGui import QResizeEvent

    from latentlab.session.library.entries import LibraryEntry
    from latentlab.session.state import State

Select = QItemSelectionModel.SelectionFlag
TABLE_WIDTH = 480
"""Width in pixels from which the columns are shown."""
MIN_NAME_WIDTH = 208
HIDDEN, LAYOUT = "library/hidden columns", f"library/{len(COLUMNS)} columns"
"""Settings with the hidden columns, and with widths, order and sort of all."""


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
        self._is_quiet = False
        self._layout = b""
        """Widths, order and sort that the user set; empty for those of the first start."""
        self._pressed_layout = b""
        self.setModel(self.runs)
        self._empty = RARE
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
        header.setAccessibleName("Columns")
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        hidden: list[str] = settings().value(HIDDEN, [])
        for column in COLUMNS[NAME + 1 :]:
            action = QAction(column.title, self)
            action.setCheckable(True)
            action.setChecked(column.title not in hidden)
            action.toggled.connect(self._on_columns)
            header.addAction(action)
        reset = QAction("Reset columns", self)
        reset.triggered.connect(self._reset_columns)
        header.addAction(reset)
        self._show_columns(is_table=False)
        self._set_default_layout()
        saved = settings().value(LAYOUT, b"")
        self._layout = saved if header.restoreState(saved) else b""
        self._show_columns(is_table=False)
        self.setSortingEnabled(True)
        header.viewport().installEventFilter(self)

    def _set_default_layout(self) -> None:
        """Set widths, order and sort of the columns as on the first start."""
        header = self.header()
        self._layout = b""
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        for i, column in enumerate(COLUMNS):
            header.moveSection(header.visualIndex(i), i)
            header.resizeSection(i, column.width)

    @Slot()
    def _reset_columns(self) -> None:
        """Show all columns, in their first order and widths."""
        for action in self._column_actions():
            action.setChecked(True)
        self._set_default_layout()
        settings().remove(LAYOUT)
        self._fit_name()

    def _column_actions(self) -> list[QAction]:
        """Return the actions that show and hide columns, from the second column on."""
        return [action for action in self.header().actions() if action.isCheckable()]

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Save widths, order and sort of the columns after the mouse has changed them."""
        if watched is self.header().viewport() and self.is_table:
            if event.type() == QEvent.Type.MouseButtonPress:
                self._pressed_layout = bytes(self.header().saveState().data())
            elif event.type() in (QEvent.Type.MouseButtonRelease, QEvent.Type.MouseButtonDblClick):
                # The header changes after this event.
                QTimer.singleShot(0, self, self._save_layout)
        return super().eventFilter(watched, event)

    @Slot()
    def _save_layout(self) -> None:
        layout = bytes(self.header().saveState().data())
        if layout != self._pressed_layout:
            self._layout = layout
            settings().setValue(LAYOUT, layout)

    @property
    def is_table(self) -> bool:
        """Whether there is room for the columns."""
        return not self.isHeaderHidden()

    def _show_columns(self, *, is_table: bool) -> None:
        header = self.header()
        self.setHeaderHidden(not is_table)
        if is_table and self._layout:
            # A list gives the names all the width.
            header.restoreState(self._layout)
        for i, action in enumerate(self._column_actions(), NAME + 1):
            self.setColumnHidden(i, not (is_table and action.isChecked()) or i in self._empty)
        stretch, free = QHeaderView.ResizeMode.Stretch, QHeaderView.ResizeMode.Interactive
        header.setStretchLastSection(is_table)
        header.setSectionResizeMode(NAME, free if is_table else stretch)

    @Slot()
    def _on_columns(self) -> None:
        """Show the columns that were chosen, and remember them."""
        self._show_columns(is_table=self.is_table)
        hidden = [action.text() for action in self._column_actions() if not action.isChecked()]
        settings().setValue(HIDDEN, hidden)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        # Not the width of the viewport, which depends on the scroll bar.
        is_table = self.width() >= TABLE_WIDTH
        if is_table != self.is_table:
            self._show_columns(is_table=is_table)
        if is_table and not self._layout:
            self._fit_name()
        super().resizeEvent(event)

    def _fit_name(self) -> None:
        """Give the names the width that the most important columns leave."""
        room = self.width() - COLUMNS[DIFFERENCES].width - COLUMNS[ELBO].width
        self.header().resizeSection(NAME, max(MIN_NAME_WIDTH, min(COLUMNS[NAME].width, room)))

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
            self.runs.search(text)
            for path in paths:
                if (row := self.row_of(path)) >= 0:
                    self.add(row)

    def count(self) -> int:
        """Return the number of rows."""
        return self.runs.rowCount()

    def entry(self, row: int) -> LibraryEntry:
        """Return the run in a row."""
        entry: LibraryEntry = self.runs.index(row, NAME).data(ENTRY)
        return entry

    def row_of(self, path: Path | None) -> int:
        """Return the row of a run, or -1."""
        return self.runs.index_of(path).row()

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
        index = self.runs.index(self.row_of(source), NAME)
        with self._quietly():
            self.selectionModel().setCurrentIndex(index, Select.ClearAndSelect | Select.Rows)

    def add(self, row: int) -> None:
        """Select a further row."""
        self.selectionModel().select(self.runs.index(row, NAME), Select.Select | Select.Rows)

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
            self.edit(self.runs.index(row, NAME))

    @Slot(QModelIndex)
    def _on_double_clicked(self, index: QModelIndex) -> None:
        if index.column() in EDITED_IN_PLACE:
            self.edit(index)
